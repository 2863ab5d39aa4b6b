"""Smooth-AP forward + backward against pytorch-metric-learning's SmoothAPLoss, and its memory on a large bank.

    python benchmarks/smooth_ap.py            # equality first, then best of 5, one thread: about half a minute
    python benchmarks/smooth_ap.py --quick    # equality and one repeat at 64; nothing is written

The peer keeps each query among its own positives, so ours is given the batch as its own references without an
``ignore`` mask. The peer (2.9.0) reshapes the batch with the number of classes where the samples per class belong:
the two agree, and are compared, where both numbers are the same. Its time does not depend on that, so the speed is
also taken at 4 samples per class, the batch that re-identification trains with, where its value is not right.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from common import best_of, fix_threads, write_result
from pytorch_metric_learning.losses import SmoothAPLoss
from torch import Tensor

from rbcl_lite.losses.ranking import smooth_ap_loss

DIM, QUERIES, REFERENCES, POSITIVES = 512, 1024, 8192, 16
TARGET, LIMIT = 30.0, 2e9


def batch(classes: int, samples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Vectors that gather by class, and their labels, class after class as the peer wants them."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.repeat_interleave(torch.arange(classes), samples)
    centres = torch.randn(classes, DIM, generator=generator)
    vectors = 0.3 * centres[labels] + torch.randn(len(labels), DIM, generator=generator)
    return F.normalize(vectors, dim=1).requires_grad_(), labels


def both(classes: int, samples: int, seed: int) -> dict[str, Callable[[], tuple[Tensor, Tensor]]]:
    """Ours and the peer's loss with its gradient, on the same batch."""
    x, labels = batch(classes, samples, seed)
    peer = SmoothAPLoss(temperature=0.01)

    def ours() -> tuple[Tensor, Tensor]:
        loss = smooth_ap_loss(x, x, labels, labels)
        return loss.detach(), torch.autograd.grad(loss, x)[0]

    def theirs() -> tuple[Tensor, Tensor]:
        loss = peer(x, labels)
        return loss.detach(), torch.autograd.grad(loss, x)[0]

    return {"ours": ours, "peer": theirs}


def equality(side: int, seed: int) -> dict[str, float]:
    """Largest differences in value and gradient at side classes x side samples; raises if they are not rounding."""
    functions = both(side, side, seed)
    (value, gradient), (peer_value, peer_gradient) = functions["ours"](), functions["peer"]()
    record = {
        "loss": float(peer_value),
        "value_difference": float((value - peer_value).abs()),
        "gradient_difference": float((gradient - peer_gradient).abs().max() / peer_gradient.abs().max()),
    }
    assert record["value_difference"] < 1e-5 and record["gradient_difference"] < 1e-3, (
        f"not equal to the peer: {record}"
    )
    print(
        f"{side} x {side}: loss {record['loss']:.4f}, value differs by {record['value_difference']:.1e}, "
        f"gradient by {record['gradient_difference']:.1e} of its largest entry"
    )
    return record


def speed(classes: int, samples: int, seed: int, repeats: int) -> dict[str, Any]:
    seconds = best_of(both(classes, samples, seed), repeats)
    ratio = seconds["peer"] / seconds["ours"]
    print(
        f"B = {classes * samples} ({classes} x {samples}): ours {1e3 * seconds['ours']:.2f} ms, "
        f"peer {1e3 * seconds['peer']:.0f} ms, ratio {ratio:.0f}"
    )
    return {"batch": classes * samples, "classes": classes, "samples": samples, "seconds": seconds, "ratio": ratio}


def high_water() -> int:
    """Largest resident memory of this process in bytes; unlike getrusage's it is not inherited from the parent."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def large(seed: int) -> dict[str, Any]:
    """Seconds and added peak memory of forward + backward on a large bank of references."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(QUERIES, DIM, generator=generator).requires_grad_()
    reference = torch.randn(REFERENCES, DIM, generator=generator)
    reference_ids = torch.arange(REFERENCES) // POSITIVES
    query_ids = reference_ids[torch.randperm(REFERENCES, generator=generator)[:QUERIES]]
    smooth_ap_loss(query[:8], reference[:64], reference_ids[:8], reference_ids[:64]).backward()
    before, start = high_water(), time.perf_counter()
    smooth_ap_loss(query, reference, query_ids, reference_ids).backward()
    return {
        "queries": QUERIES,
        "references": REFERENCES,
        "positives_per_query": POSITIVES,
        "dim": DIM,
        "seconds": time.perf_counter() - start,
        "added_memory_mb": (high_water() - before) / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="equality and one repeat at 64; nothing is written")
    parser.add_argument("--only-large", action="store_true", help="the large bank alone, printed as JSON")
    arguments = parser.parse_args()
    fix_threads(1)
    if arguments.only_large:
        print(json.dumps(large(arguments.seed)))
        return
    record: dict[str, Any] = {"dim": DIM, "equality": {f"{n}x{n}": equality(n, arguments.seed) for n in (8, 16, 20)}}
    if arguments.quick:
        speed(16, 4, arguments.seed, 1)
        return
    shapes = [(16, 4), (8, 8), (64, 4), (16, 16), (100, 4), (20, 20)]
    record["speed"] = {f"{c}x{n}": speed(c, n, arguments.seed, arguments.repeats) for c, n in shapes}
    record["target_ratio_at_64x4"] = TARGET
    if Path("/proc/self/status").exists():  # in a process of its own: a peak of memory cannot be reset
        command = [sys.executable, __file__, "--only-large", "--seed", str(arguments.seed)]
        record["large"] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"{QUERIES} x {REFERENCES}: {record['large']['seconds']:.2f} s, "
            f"{record['large']['added_memory_mb']:.0f} MB beyond the inputs"
        )
        assert record["large"]["added_memory_mb"] * 1e6 < LIMIT
    print("written:", write_result("smooth_ap", record, seed=arguments.seed, packages=["pytorch-metric-learning"]))
    assert record["speed"]["64x4"]["ratio"] >= TARGET, f"slower than {TARGET:.0f} times the peer"


if __name__ == "__main__":
    main()
