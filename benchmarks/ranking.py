"""Rank evaluation (mAP, CMC, camera rule) at the size of Market-1501, against torchreid's compiled Cython evaluation.

    python benchmarks/ranking.py            # 3,368 x 19,732; equality first, then best of 5, one thread
    python benchmarks/ranking.py --large    # and 11,659 x 82,161 features (MSMT17's size), about a minute

The peer comes from the wheel pyppbox-torchreid (extra ``bench``); only its extension module is loaded, because
the package itself wants OpenCV. The distances of each query are a permutation, so that no two are equal: the
peer leaves ties to an unstable sort, and on ties the two would rightly differ.
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

from rbcl_lite.features import Features
from rbcl_lite.metrics import RankingResult, evaluate_distances, evaluate_ranking

QUERIES, IMAGES, CAMERAS, DISTRACTORS = 3368, 19732, 6, 6617
PEOPLE, FEW_PEOPLE = 750, 60


def load_peer() -> Callable[..., Any]:
    """torchreid's compiled ``evaluate_cy(distances, q_ids, g_ids, q_cams, g_cams, max_rank, cuhk03)``."""
    for file in importlib.metadata.files("pyppbox-torchreid") or ():
        if file.name.startswith("rank_cy.") and file.suffix in (".so", ".pyd"):
            spec = importlib.util.spec_from_file_location("rank_cy", str(file.locate()))
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.evaluate_cy
    raise ImportError("pyppbox-torchreid holds no compiled rank_cy for this Python: pip install 'rbcl-lite[bench]'")


def identities(people: int, queries: int, images: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Ids and cameras of queries and gallery; identity 0 are distractors that nobody asks for."""
    gallery = rng.integers(1, people + 1, images)
    gallery[rng.permutation(images)[: round(images * DISTRACTORS / IMAGES)]] = 0
    cams = [rng.integers(0, CAMERAS, n) for n in (queries, images)]
    return rng.integers(1, people + 1, queries), gallery, *cams


def market_size(people: int, seed: int, queries: int, images: int) -> tuple[np.ndarray, ...]:
    """Tie-free float32 distances [queries, images] with ids and cameras."""
    rng = np.random.default_rng(seed)
    distances = np.empty((queries, images), dtype=np.float32)
    values = np.arange(images, dtype=np.float32) / images
    for row in distances:
        row[:] = rng.permutation(values)
    return distances, *identities(people, queries, images, rng)


def largest_difference(ours: RankingResult, peer: tuple[np.ndarray, float]) -> float:
    """Between the mAP and the first 50 ranks of both."""
    return max(abs(ours.mAP - float(peer[1])), float(np.abs(ours.cmc[:50] - np.asarray(peer[0])).max()))


def compare(seed: int, repeats: int, queries: int, images: int) -> dict[str, Any]:
    """Equality, seconds and added memory at Market-1501's size, with few and with many positives per query."""
    peer = load_peer()
    record: dict[str, Any] = {"queries": queries, "images": images}
    for name, people in (("few_positives", PEOPLE), ("many_positives", FEW_PEOPLE)):
        arguments = market_size(people, seed, queries, images)
        evaluate_distances(arguments[0][:9], arguments[1][:9], arguments[2])  # imports and buffers are not counted
        before = peak_memory()
        ours = evaluate_distances(*arguments)
        added = peak_memory() - before
        difference = largest_difference(ours, peer(*arguments, 50, False))
        assert difference < 1e-5, f"not equal to the peer: {difference}"  # the peer sums in float32
        seconds = best_of(
            {"ours": lambda a=arguments: evaluate_distances(*a), "torchreid": lambda a=arguments: peer(*a, 50, False)},
            repeats,
        )
        record[name] = {
            "positives_per_query": round(images * (1 - DISTRACTORS / IMAGES) * (1 - 1 / CAMERAS) / people, 1),
            "largest_difference": difference,
            "seconds": seconds,
            "ratio": seconds["torchreid"] / seconds["ours"],
        }
        if name == "few_positives":  # the process remembers its highest peak, so only the first one can be read
            record["added_memory_mb"] = added / 1e6
        print(
            f"{name}: ours {seconds['ours']:.3f} s, torchreid {seconds['torchreid']:.3f} s, "
            f"ratio {record[name]['ratio']:.1f}, largest difference {difference:.1e}"
        )
    print(f"memory beyond the inputs: {record['added_memory_mb']:.0f} MB")
    return record


def large(seed: int) -> dict[str, Any]:
    """11,659 x 82,161 features: seconds and the peak of the whole process, inputs included."""
    rng = np.random.default_rng(seed)
    query_ids, gallery_ids, query_cams, gallery_cams = identities(3060, 11659, 82161, rng)
    generator = torch.Generator().manual_seed(seed)
    query, gallery = (
        Features(torch.randn(len(ids), 512, generator=generator), torch.as_tensor(ids), torch.as_tensor(cams))
        for ids, cams in ((query_ids, query_cams), (gallery_ids, gallery_cams))
    )
    start = time.perf_counter()
    evaluate_ranking(query, gallery)
    return {
        "queries": len(query),
        "images": len(gallery),
        "dim": 512,
        "seconds": time.perf_counter() - start,
        "peak_memory_mb": peak_memory() / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="share of the queries and images, for a quick look")
    parser.add_argument("--large", action="store_true", help="also 11,659 x 82,161 features")
    parser.add_argument("--only-large", action="store_true", help="the large case alone, printed as JSON")
    arguments = parser.parse_args()
    fix_threads(1)
    if arguments.only_large:
        print(json.dumps(large(arguments.seed)))
        return
    sizes = (round(n * arguments.share) for n in (QUERIES, IMAGES))
    record = compare(arguments.seed, arguments.repeats, *sizes)
    if arguments.large:  # in a process of its own: a peak of memory cannot be reset
        command = [sys.executable, __file__, "--only-large", "--seed", str(arguments.seed)]
        record["large"] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"11,659 x 82,161: {record['large']['seconds']:.0f} s, peak {record['large']['peak_memory_mb']:.0f} MB")
    if arguments.share == 1.0:
        print("written:", write_result("ranking", record, seed=arguments.seed, packages=["pyppbox-torchreid"]))


if __name__ == "__main__":
    main()
