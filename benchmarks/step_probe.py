"""One process that times training steps of the version of the package it finds, and prints JSON.

    PYTHONPATH=. python benchmarks/step_probe.py --methods independent bct --steps 20

``training_step.py`` uses its functions, and runs it as a process of its own on two versions in
turns. So it names every module at the places where it has been, back to the time before the package
had rooms.

The loop, the images, the model and the batches are those of a real run at the scale's own recipe;
only the epochs are cut short: one of a single step, whose identity loss all methods share, and one
that is timed. The old model has trained for one epoch: how good its vectors are takes no time.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from common import fix_threads

import rbcl_lite
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS


def find(*places: str) -> Any:
    """The first of some ``module:name`` that this version of the package has."""
    for place in places:
        module, name = place.split(":")
        try:
            return getattr(importlib.import_module(f"rbcl_lite.{module}"), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(f"this version of the package has none of {', '.join(places)}")


setting_of = find("experiments.settings:independent", "experiments.settings:upgrade")
run_or_load = find("runs.run_or_load:run_or_load", "runs:run_or_load")
make_upgrade = find("runs.start:make_upgrade", "upgrades:make_upgrade")
train = find("training.loop:train", "training:train")
TrainConfig = find("training.schedule:TrainConfig", "training:TrainConfig")

SETTINGS = {
    "supervised": "stronger-and-more",
    "ecn": "cross-domain-ecn",
    "pseudo-labels": "cross-domain-pseudo-labels",
}
FROM_THE_START: dict[str, dict[str, Any]] = {  # every term counts in the epoch that is timed
    "supervised": {},
    "ecn": {"warmup": 0.0, "start": 0.0},
    "pseudo-labels": {"start": 0.0},
}


class Start:
    """What the runs of a learner start from: the upgrade, and the options of the scale's recipe."""

    def __init__(self, learner: str, scale: str) -> None:
        config = setting_of(SETTINGS[learner], 0, scale)
        old = run_or_load(replace(config.old, train=replace(config.old.train, epochs=1)), progress=False)
        self.learner = learner
        self.upgrade = make_upgrade(config, old, False)
        self.options = {**getattr(config, "learner_options", {}), **FROM_THE_START[learner]}
        self.train = replace(config.train, epochs=2)
        augment = getattr(config, "augment", None)
        self.recipe = {
            "backbone": config.model.backbone,
            "dim": config.model.dim,
            "size": config.size,
            "batch": config.batch,
            "images": len(self.upgrade.train),
            "people": self.upgrade.train.num_ids,
            "learner_options": self.options,
            "augment": {f.name: getattr(augment, f.name) for f in fields(augment)} if augment else "as it was then",
        }


def measure(start: Start, method: str, steps: int, device: str) -> dict[str, float]:
    """One step, then so many that are timed, from the same weights each time.

    Returns:
        ``wall`` and ``cpu``, seconds a step; ``once_an_epoch``, seconds before the first step;
        ``identity``, the loss of the very first step, where there is one.
    """
    clock: list[tuple[float, float]] = []

    def look() -> None:
        if device == "cuda":
            torch.cuda.synchronize()
        clock.append((time.perf_counter(), time.process_time()))

    class Short(LEARNERS[start.learner]):  # type: ignore[misc]
        def steps(self) -> int:
            return steps

        def batches(self, number: int) -> Iterator[Any]:
            self.left = 1 if number == 0 else steps
            look()
            yield from islice(super().batches(number), self.left)

        def after_step(self, batch: Any) -> None:
            super().after_step(batch)
            self.left -= 1
            if self.left == 0:
                look()

    begun = replace(start.upgrade, model=copy.deepcopy(start.upgrade.model))
    history = train(begun, Short(**start.options), METHODS[method](), start.train, device=device, progress=False)
    wall, cpu = (after - before for before, after in zip(*clock[2:]))
    first, timed = history.iloc[0], history.iloc[1]
    row = {"wall": wall / steps, "cpu": cpu / steps, "once_an_epoch": float(timed["prepare_seconds"])}
    return row if "identity" not in first else {**row, "identity": float(first["identity"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["independent", "bct", "rbcl"])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--scale", default="laptop")
    given = parser.parse_args()
    fix_threads(1)
    start = Start("supervised", given.scale)
    rows = {method: measure(start, method, given.steps, given.device) for method in given.methods}
    where = Path(rbcl_lite.__file__).parent.parent
    print(json.dumps({"package": str(where), "recipe": start.recipe, "rows": rows}))


if __name__ == "__main__":
    main()
