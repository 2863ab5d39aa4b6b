"""Search for neighbour agents over a whole training set, against a flat index of faiss where that is installed.

    python benchmarks/agents_search.py                 # 19,732 x 512, k = 8; equality first, best of 3, one thread
    python benchmarks/agents_search.py --share 0.1     # a quick look; nothing is written

faiss knows no people, so it is asked for as many vectors more as the largest person has images, and the row's own are
dropped. Equal means the same similarities: which of two equal neighbours comes first is not defined.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from common import best_of, fix_threads, write_result
from torch import Tensor

from rbcl_lite.agents import agent_centers, neighbor_agents

try:
    import faiss
except ImportError:
    faiss = None

IMAGES, PEOPLE, DIM = 19732, 1000, 512


def training_set(images: int, people: int, seed: int) -> tuple[Tensor, Tensor]:
    """Unit vectors that gather by person, with 1 to about 60 images each."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.rand(people, generator=generator) ** 2 + 0.05
    ids = torch.multinomial(weight, images, replacement=True, generator=generator)
    centres = torch.randn(people, DIM, generator=generator)
    return F.normalize(centres[ids] + torch.randn(images, DIM, generator=generator), dim=1), ids


def flat_index(old: Tensor, ids: Tensor, k: int) -> Tensor:
    index = faiss.IndexFlatIP(old.shape[1])
    index.add(old.numpy())
    found = torch.from_numpy(index.search(old.numpy(), min(len(old), k + int(ids.bincount().max())))[1])
    other = ids[found] != ids[:, None]
    first = other & (other.cumsum(1) <= k)
    return found[first].reshape(-1, k)


def largest_difference(old: Tensor, one: Tensor, two: Tensor) -> float:
    """Between the similarities of two searches."""
    return float((torch.einsum("nd,nkd->nk", old, old[one]) - torch.einsum("nd,nkd->nk", old, old[two])).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--k", type=int, default=8)
    parser.add_argument("--share", type=float, default=1.0, help="share of the images and people, for a quick look")
    arguments = parser.parse_args()
    fix_threads(1)
    images, people, k = round(IMAGES * arguments.share), round(PEOPLE * arguments.share), arguments.k
    old, ids = training_set(images, people, arguments.seed)
    ours = neighbor_agents(old, ids, k)
    assert bool((ids[ours] != ids[:, None]).all()), "an agent is the same person"
    record: dict[str, Any] = {"images": images, "people": people, "dim": DIM, "k": k}
    record["most_images_of_one_person"] = int(ids.bincount().max())
    functions: dict[str, Callable[[], object]] = {
        "ours": lambda: neighbor_agents(old, ids, k),
        "centres": lambda: agent_centers(old, ids, k),
    }
    if faiss is not None:
        faiss.omp_set_num_threads(1)
        record["largest_similarity_difference"] = largest_difference(old, ours, flat_index(old, ids, k))
        assert record["largest_similarity_difference"] < 1e-5, "not the nearest"
        functions["faiss"] = lambda: flat_index(old, ids, k)
    record["seconds"] = seconds = best_of(functions, arguments.repeats)
    print(f"{images} images:", ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()))
    if faiss is not None:
        record["ratio"] = seconds["faiss"] / seconds["ours"]
        print(f"ratio {record['ratio']:.2f}, largest difference {record['largest_similarity_difference']:.1e}")
    if arguments.share == 1.0:
        print("written:", write_result("agents_search", record, seed=arguments.seed, packages=["faiss-cpu"]))


if __name__ == "__main__":
    main()
