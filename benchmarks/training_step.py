"""Seconds per training step of every method and learner, beside the independent supervised model's.

    python benchmarks/training_step.py                    # best of 5 turns of 20 steps, one thread
    python benchmarks/training_step.py --against 651248a  # and beside the package at a commit
    python benchmarks/training_step.py --quick            # 2 steps at smoke scale; writes nothing

On the CPU, and on the CUDA device where there is one. What is timed, and that it is a step of a
real run, says ``step_probe.py``. In the first step all methods see the same batch, augmentation and
weights, so the learner's own loss must be the same number: that is asserted before anything is
timed. What happens once an epoch (reading the training images, clustering, refining prototypes) is
no part of a step and is reported apart.

Each time is given as wall-clock seconds and as processor seconds of this process. On a CPU the
limits hold for the processor's, because other work on the machine lengthens them less; on a GPU,
which works beside the processor, for the clock's.

``--against`` checks the commit out into a temporary folder and runs ``step_probe.py`` there and
here in turns, old, new, old, new, each in a fresh process; the best turn of each counts. Either
version follows its own recipe, which the result holds: where the recipes differ, so does what is
timed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from common import fix_threads, write_result
from step_probe import SETTINGS, Start, measure

from rbcl_lite.methods import METHODS

ROOT = Path(__file__).resolve().parent.parent
LIMIT, LIMIT_OF_TWO_PASSES = 1.5, 2.5
TWO_PASSES = ("ecn", "pseudo-labels")  # labelled images of another domain pass the network beside the batch
PAIRS = [("supervised", method) for method in METHODS] + [(learner, "independent") for learner in TWO_PASSES]
COMPARED = ("independent", "bct", "rbcl")
Times = dict[str, float]


def best_of_both(times: Sequence[Times]) -> Times:
    """The smallest of each number."""
    return {name: min(t[name] for t in times) for name in times[0]}


def assert_equal(identities: dict[str, float], what: str) -> None:
    """The identity loss of the first step is the same with every method that keeps it."""
    kept = {m: loss for m, loss in identities.items() if not METHODS[m].replaces_identity}
    assert max(kept.values()) - min(kept.values()) < 1e-5, (what, kept)
    print(f"{what}: in the first step the identity loss of {len(kept)} methods is {kept['independent']:.6f}")


def all_methods(device: str, scale: str, turns: int, steps: int) -> list[dict[str, Any]]:
    """One row for each method and learner."""
    starts = {learner: Start(learner, scale) for learner in SETTINGS}
    first = {method: measure(starts["supervised"], method, 1, device) for method in METHODS}
    assert_equal({m: row["identity"] for m, row in first.items() if "identity" in row}, device)
    taken: dict[tuple[str, str], list[Times]] = {pair: [] for pair in PAIRS}
    for _ in range(turns):  # in turns, so that a busy moment of the machine does not fall on one method alone
        for learner, method in PAIRS:
            taken[learner, method].append(measure(starts[learner], method, steps, device))
    best = {pair: best_of_both(times) for pair, times in taken.items()}
    by = "wall" if device == "cuda" else "cpu"
    rows = []
    for (learner, method), times in best.items():
        limit = LIMIT_OF_TWO_PASSES if learner in TWO_PASSES else LIMIT
        ratio = times[by] / best["supervised", "independent"][by]
        rows.append({"device": device, "learner": learner, "method": method, **times, "ratio": ratio, "limit": limit})
        print(
            f"{device:4s} {learner:14s} {method:12s} {1e3 * times['wall']:7.1f} ms a step, "
            f"{1e3 * times['cpu']:7.1f} ms of the processor, {ratio:.2f}x (limit {limit}), "
            f"once an epoch {times['once_an_epoch']:.2f} s"
        )
    return rows


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """The repository at a commit, in a folder that goes when the block ends."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "then"
        subprocess.run([*git, "add", "--quiet", "--detach", str(place), revision], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


def probe(place: Path, device: str, scale: str, steps: int) -> dict[str, Any]:
    """What ``step_probe.py`` of here says of the package that lies in a folder."""
    script = [sys.executable, str(ROOT / "benchmarks" / "step_probe.py"), "--methods", *COMPARED]
    options = ["--steps", str(steps), "--device", device, "--scale", scale]
    environment = {**os.environ, "PYTHONPATH": str(place), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*script, *options], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    said = json.loads(done.stdout.splitlines()[-1])
    assert Path(said.pop("package")).samefile(place), "another version of the package was timed"
    return said


def against(revision: str, devices: Sequence[str], scale: str, turns: int, steps: int) -> dict[str, Any]:
    """Old and new times of a step, in alternating turns."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", revision], check=True, stdout=subprocess.PIPE, text=True
    )
    rows, recipes = [], {}
    with checked_out(revision) as then:
        for device in devices:
            said: dict[str, list[dict[str, Any]]] = {"old": [], "new": []}
            for _ in range(turns):
                for name, place in (("old", then), ("new", ROOT)):
                    said[name].append(probe(place, device, scale, steps))
            for name, turn in said.items():
                recipes[name] = turn[0]["recipe"]
                assert_equal({m: row["identity"] for m, row in turn[0]["rows"].items()}, f"{device}, {name}")
            for method in COMPARED:
                old, new = (best_of_both([turn["rows"][method] for turn in said[name]]) for name in ("old", "new"))
                ratio = {by: new[by] / old[by] for by in ("wall", "cpu")}
                rows.append({"device": device, "method": method, "old": old, "new": new, "ratio": ratio})
                print(
                    f"{device:4s} {method:12s} {1e3 * old['wall']:.1f} ms then, {1e3 * new['wall']:.1f} ms now: "
                    f"{ratio['wall']:.2f}x by the clock, {ratio['cpu']:.2f}x of the processor"
                )
    return {"commit": commit.stdout.strip(), "turns": turns, "rows": rows, "recipes": recipes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one turn of 2 steps at smoke scale; nothing is written")
    parser.add_argument("--against", metavar="REV", help="a commit to compare with")
    given = parser.parse_args()
    fix_threads(1)
    turns, steps, scale = (1, 2, "smoke") if given.quick else (5, 20, "laptop")
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    rows = [row for device in devices for row in all_methods(device, scale, turns, steps)]
    values: dict[str, Any] = {"scale": scale, "steps": steps, "turns": turns, "rows": rows}
    if given.against:
        values["against"] = against(given.against, devices, scale, turns, steps)
    slow = [f"{r['device']} {r['learner']} {r['method']}" for r in rows if r["ratio"] > r["limit"]]
    if not given.quick:
        print("written:", write_result("training_step", values, seed=0))
        assert not slow, f"slower than the limit: {', '.join(slow)}"


if __name__ == "__main__":
    main()
