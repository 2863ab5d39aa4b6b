"""Seconds per training step of every method and learner, beside the independent supervised model's.

    python benchmarks/training_step.py            # every method, best of 5 turns of 20 steps, one thread: a few minutes
    python benchmarks/training_step.py --quick    # one turn of 2 steps; nothing is written

The loop, the images (laptop scale, all training people), the model and the batches are those of a real run; only the
epoch is cut short. In the first step all methods see the same batch, augmentation and weights, so the learner's own
loss must be the same number: that is asserted before anything is timed. What happens once an epoch (reading the
training images, clustering, refining prototypes) is no part of a step and is reported apart.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from common import fix_threads, write_result

from rbcl_lite.experiments.settings import upgrade
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.protocol import Upgrade
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.runs.start import make_upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

LIMIT, LIMIT_OF_TWO_PASSES = 1.5, 2.5
TWO_PASSES = {"ecn", "pseudo-labels"}  # labelled source images pass the network beside the batch
FROM_THE_START: dict[str, dict[str, Any]] = {  # every term counts in the epoch that is timed
    "supervised": {},
    "ecn": {"warmup": 0.0, "start": 0.0},
    "pseudo-labels": {"start": 0.0},
}


def epoch(learner: str, method: str, start: Upgrade, steps: int) -> pd.Series:
    """One epoch of so many steps, from the same weights each time: its row of the history."""

    class Short(LEARNERS[learner]):  # type: ignore[misc]
        def steps(self) -> int:
            return steps

        def batches(self, number: int) -> Iterator[np.ndarray]:
            return islice(super().batches(number), steps)

    begun = replace(start, model=copy.deepcopy(start.model))
    history = train(begun, Short(**FROM_THE_START[learner]), METHODS[method](), TrainConfig(epochs=1), progress=False)
    return history.iloc[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one turn of 2 steps; nothing is written")
    quick = parser.parse_args().quick
    fix_threads(1)
    turns, steps = (1, 2) if quick else (5, 20)
    settings = {"supervised": "stronger-and-more", "ecn": "cross-domain-ecn"}
    settings["pseudo-labels"] = "cross-domain-pseudo-labels"
    starts = {name: _start(upgrade(setting, 0, "laptop")) for name, setting in settings.items()}
    pairs = [("supervised", method) for method in METHODS] + [(name, "independent") for name in sorted(TWO_PASSES)]

    alone = epoch("supervised", "independent", starts["supervised"], 1)
    for method in METHODS:
        if not METHODS[method].replaces_identity:
            first = epoch("supervised", method, starts["supervised"], 1)
            assert abs(first["identity"] - alone["identity"]) < 1e-5, (method, first["identity"], alone["identity"])
    print(f"one step: the identity loss of all methods is {alone['identity']:.6f}")

    best: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(turns):  # in turns, so that a busy moment of the machine does not fall on one method alone
        for pair in pairs:
            row = epoch(*pair, starts[pair[0]], steps)
            now = {"step": row["seconds"] / steps, "once_an_epoch": row["prepare_seconds"]}
            best[pair] = {k: min(v, best.get(pair, now)[k]) for k, v in now.items()}

    base = best["supervised", "independent"]["step"]
    rows = []
    for (learner, method), seconds in best.items():
        limit = LIMIT_OF_TWO_PASSES if learner in TWO_PASSES else LIMIT
        rows.append({"learner": learner, "method": method, **seconds, "ratio": seconds["step"] / base, "limit": limit})
        print(
            f"{learner:14s} {method:12s} {1e3 * seconds['step']:7.1f} ms a step, {rows[-1]['ratio']:.2f}x "
            f"(limit {limit}), once an epoch {seconds['once_an_epoch']:.2f} s"
        )
    slow = [f"{r['learner']} {r['method']}" for r in rows if r["ratio"] > r["limit"]]
    if not quick:
        print("written:", write_result("training_step", {"steps": steps, "turns": turns, "rows": rows}, seed=0))
        assert not slow, f"slower than the limit: {', '.join(slow)}"


def _start(config: RunConfig) -> Upgrade:
    """What a run of this configuration starts from, with the old model's vectors."""
    assert config.old is not None
    return make_upgrade(config, run_or_load(config.old))


if __name__ == "__main__":
    main()
