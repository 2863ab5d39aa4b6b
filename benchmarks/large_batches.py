"""Memory and time of a step in chunks, and what batch norm makes of the parts of a batch.

    python benchmarks/large_batches.py           # one thread; minutes
    python benchmarks/large_batches.py --quick   # a few steps of a few people; writes nothing

**Chunks.** A step of 64 people x 4 images at 128 x 64, as a whole and in chunks, each in a fresh
process: the memory that training adds to what the process held before it, and the seconds of the
last step. Before that, for a network without batch norm, the gradients of both ways are asserted to
be equal.

**Parts of a batch.** Processes on a CPU and chunks normalise each part of a batch by its own
statistics. The mAP (new/new, test people) of independent models that saw whole batches, halves and
quarters, otherwise trained alike, says what that changes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from common import fix_threads, peak_memory, write_result
from torch import nn

from rbcl_lite.base.scale import scale
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.independent import Independent
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.models.forward import Forward
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

CHUNKS = (None, 128, 64, 32, 16)
PARTS = {"whole": None, "halves": 32, "quarters": 16}  # of batches of 16 x 4


def assert_equal() -> float:
    """Largest difference of the gradients, of a network without batch norm, whole and in chunks."""

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.map = nn.Sequential(nn.Linear(20, 200), nn.ReLU(), nn.Linear(200, 16))

        def forward(self, x: torch.Tensor) -> Outputs:
            y = nn.functional.normalize(self.map(x))
            return Outputs(y, y)

    torch.manual_seed(0)
    model, x, grads = Plain(), torch.randn(256, 20), []
    for chunk in (None, 16):
        model.zero_grad()
        y = Forward(chunk=chunk)(model, x).embedding
        (y @ y.T / 0.05).softmax(1).diagonal().log().mean().neg().backward()
        grads.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    difference = float((grads[0] - grads[1]).abs().max())
    assert difference < 1e-5, difference
    return difference


def one_step(chunk: int | None, people: int, steps: int) -> dict[str, Any]:
    """In this process: MiB that training adds, and seconds of its fastest step."""
    fix_threads()
    r = np.random.default_rng(0)
    ids = np.repeat(np.arange(people), 4)
    images = r.integers(0, 256, (len(ids), 128, 64, 3), dtype=np.uint8)
    data = ReIDDataset(images, ids, ids % 3, [str(i) for i in range(len(ids))], "noise")
    taken: list[float] = []

    class Timed(Supervised):
        def batches(self, number: int):  # type: ignore[no-untyped-def]
            for index in super().batches(number):
                started = time.perf_counter()
                yield index
                taken.append(time.perf_counter() - started)

    upgrade = Upgrade(data, Embedder(EmbedderConfig("small", 128, people)), batch=(people, 4))
    warm = replace(upgrade, model=Embedder(EmbedderConfig("small", 128, people)), batch=(2, 4))
    train(warm, Supervised(steps=1), Independent(), TrainConfig(epochs=1))  # what torch loads with its first step
    before = peak_memory()
    train(upgrade, Timed(steps=steps), Independent(), TrainConfig(epochs=1, chunk=chunk))
    return {"chunk": chunk, "added_mb": round((peak_memory() - before) / 2**20, 1), "seconds": round(min(taken), 3)}


def in_a_fresh_process(chunk: int | None, people: int, steps: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", json.dumps([chunk, people, steps])]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def of_parts(at_name: str, share: float, epochs: int, seeds: int) -> list[dict[str, Any]]:
    """mAP of models whose batch norm saw whole batches and parts of them."""
    at, rows = scale(at_name), []
    for seed in range(seeds):
        splits = rendered_splits("campus", at=at, seed=0)
        data = splits.train.share(share)
        for name, chunk in PARTS.items():
            torch.manual_seed(seed)
            model = Embedder(EmbedderConfig("tiny", 128, data.num_ids))
            upgrade = Upgrade(data, model, batch=(16, 4), seed=seed, augment=Augment(erase=at.erase))
            config = TrainConfig(epochs=epochs, lr=at.lr, seed=seed, chunk=chunk)
            train(upgrade, Supervised(label_smoothing=at.label_smoothing), Independent(), config)
            result = evaluate_ranking(extract(model, splits.test.query), extract(model, splits.test.gallery))
            rows.append({"parts": name, "seed": seed, "mAP": round(100 * result.mAP, 2)})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(one_step(*json.loads(options.step))))
        return
    fix_threads()
    difference = assert_equal()
    print(f"equal: gradients differ by at most {difference:.1e}")
    people, steps = (16, 1) if options.quick else (64, 3)
    chunks = [in_a_fresh_process(chunk, people, steps) for chunk in CHUNKS]
    for row in chunks:
        print(row)
    about = ("smoke", 1.0, 1, 1) if options.quick else ("laptop", 0.25, 12, 3)
    parts = of_parts(*about)
    means = {name: round(statistics.mean(r["mAP"] for r in parts if r["parts"] == name), 2) for name in PARTS}
    print(means)
    if not options.quick:
        recipe = dict(zip(("scale", "share", "epochs", "seeds"), about))
        values = {"gradient_difference": difference, "batch": [people, 4], "size": [128, 64], "backbone": "small"}
        write_result(
            "large_batches", {**values, "chunks": chunks, "parts": {"recipe": recipe, "mean": means, "runs": parts}}
        )


if __name__ == "__main__":
    main()
