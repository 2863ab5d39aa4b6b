"""Search for neighbour agents over a whole training set, against brute force in torch.

    python benchmarks/agents_search.py                 # 19,732 x 512, k = 8; equality first, best of 3, one thread
    python benchmarks/agents_search.py --share 0.1     # a quick look; nothing is written

Brute force multiplies blocks of rows with all vectors, hides the row's own person and takes the k largest. Equal means
the same similarities: which of two equal neighbours comes first is not defined.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
import torch.nn.functional as F
from common import best_of, fix_threads, write_result
from torch import Tensor

from rbcl_lite.agents import agent_centers, neighbor_agents

IMAGES, PEOPLE, DIM, BLOCK = 19732, 1000, 512, 1024


def training_set(images: int, people: int, seed: int) -> tuple[Tensor, Tensor]:
    """Unit vectors that gather by person, with 1 to about 60 images each."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.rand(people, generator=generator) ** 2 + 0.05
    ids = torch.multinomial(weight, images, replacement=True, generator=generator)
    centres = torch.randn(people, DIM, generator=generator)
    return F.normalize(centres[ids] + torch.randn(images, DIM, generator=generator), dim=1), ids


def brute_force(old: Tensor, ids: Tensor, k: int) -> Tensor:
    parts = []
    for rows in torch.arange(len(old)).split(BLOCK):
        similarity = old[rows] @ old.T
        similarity[ids[rows, None] == ids] = -torch.inf
        parts.append(similarity.topk(k, dim=1).indices)
    return torch.cat(parts)


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
    ours, slow = neighbor_agents(old, ids, k), brute_force(old, ids, k)
    assert bool((ids[ours] != ids[:, None]).all()), "an agent is the same person"
    difference = float(
        (torch.einsum("nd,nkd->nk", old, old[ours]) - torch.einsum("nd,nkd->nk", old, old[slow])).abs().max()
    )
    assert difference < 1e-5, f"not the nearest: similarities differ by {difference}"
    seconds = best_of(
        {
            "ours": lambda: neighbor_agents(old, ids, k),
            "brute_force": lambda: brute_force(old, ids, k),
            "centres": lambda: agent_centers(old, ids, k),
        },
        arguments.repeats,
    )
    record: dict[str, Any] = {
        "images": images,
        "people": people,
        "dim": DIM,
        "k": k,
        "most_images_of_one_person": int(ids.bincount().max()),
        "largest_similarity_difference": difference,
        "seconds": seconds,
        "ratio": seconds["brute_force"] / seconds["ours"],
    }
    print(
        f"{images} images: ours {seconds['ours']:.2f} s, brute force {seconds['brute_force']:.2f} s, "
        f"ratio {record['ratio']:.2f}, centres {seconds['centres']:.2f} s, largest difference {difference:.1e}"
    )
    if arguments.share == 1.0:
        print("written:", write_result("agents_search", record, seed=arguments.seed, packages=["faiss-cpu"]))


if __name__ == "__main__":
    main()
