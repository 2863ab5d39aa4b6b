"""k-reciprocal re-ranking against torchreid's ``re_ranking``; time and memory of clustering at Market-1501's size.

    python benchmarks/reranking.py          # N = 6,000: equality first, then best of 3, one thread; about 2 minutes
    python benchmarks/reranking.py --full   # and N = 23,100, each call in a process of its own; about 2 minutes more

The peer comes from the wheel pyppbox-torchreid (extra ``bench``); only its file is loaded, because the package
itself wants OpenCV. It takes distance matrices and squares them, so it is given plain Euclidean distances; the
time of computing them belongs to its side, as it does to ours.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from common import best_of, fix_threads, peak_memory, write_result

from rbcl_lite.clustering import jaccard_distance, pseudo_labels, rerank
from rbcl_lite.features import Features

QUERIES, IMAGES, DIM = 1000, 6000, 512
MARKET_QUERIES, MARKET_IMAGES = 3368, 23100
PER_PERSON, NOISE = 15, 1.5


def load_peer() -> Callable[..., np.ndarray]:
    """torchreid's ``re_ranking(query_gallery, query_query, gallery_gallery, k1, k2, lambda_value)``."""
    for file in importlib.metadata.files("pyppbox-torchreid") or ():
        if file.name == "rerank.py":
            spec = importlib.util.spec_from_file_location("rerank", str(file.locate()))
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.re_ranking
    raise ImportError("pyppbox-torchreid is not installed: pip install 'rbcl-lite[bench]'")


def people(images: int, seed: int) -> Features:
    """Vectors around one centre per person, people of unequal size."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(images // PER_PERSON, DIM, generator=generator)
    ids = torch.randint(0, len(centres), (images,), generator=generator)
    return Features(centres[ids] + NOISE * torch.randn(images, DIM, generator=generator), ids)


def euclidean(a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    """[A, B] float32 distances of unit vectors; a vector's distance to itself is 0."""
    return (2 - 2 * a @ b.T).clamp(min=0).sqrt().numpy()


def compare(seed: int, repeats: int, queries: int, images: int) -> dict[str, Any]:
    peer = load_peer()
    everyone = people(images, seed)
    query, gallery = everyone[:queries], everyone[queries:]

    def theirs() -> np.ndarray:
        q, g = query.vectors, gallery.vectors
        within = euclidean(q, q), euclidean(g, g)
        for d in within:
            np.fill_diagonal(d, 0)
        return peer(euclidean(q, g), *within)

    def ours() -> np.ndarray:
        return rerank(query, gallery).numpy()

    off = np.abs(ours() - theirs())
    # float32 may order two almost equal neighbours differently, which moves the rows and columns they belong to
    differing = float((off > 1e-5).mean())
    assert differing < 1e-3, f"{differing:.2%} of the distances differ by more than 1e-5, at most {off.max():.1e}"
    seconds = best_of({"ours": ours, "torchreid": theirs}, repeats)
    record = {
        "queries": queries,
        "images": images,
        "dim": DIM,
        "largest_difference": float(off.max()),
        "share_above_1e-5": differing,
        "seconds": seconds,
        "ratio": seconds["torchreid"] / seconds["ours"],
    }
    print(
        f"N = {images:,}: ours {seconds['ours']:.2f} s, torchreid {seconds['torchreid']:.2f} s, "
        f"ratio {record['ratio']:.1f}; largest difference {off.max():.1e}, above 1e-5: {differing:.1e} of all"
    )
    return record


def full(name: str, seed: int) -> dict[str, float]:
    """Seconds and peak memory, everything included, of one call at Market-1501's size."""
    everyone = people(MARKET_IMAGES, seed)
    query, gallery = everyone[:MARKET_QUERIES], everyone[MARKET_QUERIES:]
    calls: dict[str, Callable[[], object]] = {
        "rerank": lambda: rerank(query, gallery),
        "pseudo_labels": lambda: pseudo_labels(everyone.vectors),
        "jaccard_distance": lambda: jaccard_distance(everyone.vectors),
    }
    start = time.perf_counter()
    calls[name]()
    return {"seconds": time.perf_counter() - start, "peak_memory_mb": peak_memory() / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="share of the images, for a quick look")
    parser.add_argument("--full", action="store_true", help="also N = 23,100, with peak memory")
    parser.add_argument("--only", default="", help="one call at N = 23,100, printed as JSON")
    arguments = parser.parse_args()
    fix_threads(1)
    if arguments.only:
        print(json.dumps(full(arguments.only, arguments.seed)))
        return
    sizes = (round(n * arguments.share) for n in (QUERIES, IMAGES))
    record = compare(arguments.seed, arguments.repeats, *sizes)
    if arguments.full:  # in processes of their own: a peak of memory cannot be reset
        record["full"] = {"queries": MARKET_QUERIES, "images": MARKET_IMAGES, "dim": DIM}
        for name in ("rerank", "pseudo_labels", "jaccard_distance"):
            command = [sys.executable, __file__, "--only", name, "--seed", str(arguments.seed)]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            record["full"][name] = answer
            print(f"N = {MARKET_IMAGES:,} {name}: {answer['seconds']:.1f} s, peak {answer['peak_memory_mb']:.0f} MB")
    if arguments.share == 1.0:
        packages = ["scipy", "scikit-learn", "pyppbox-torchreid"]
        print("written:", write_result("reranking", record, seed=arguments.seed, packages=packages))


if __name__ == "__main__":
    main()
