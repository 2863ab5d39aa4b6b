"""Axes: one upgrade with one thing varied at a time, such as the recipe or the length of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.jobs import Job, execute, run_jobs
from rbcl_lite.experiments.result_file import RESULTS, read, result_path

SETTING = "stronger-and-more"
"""The setting that all axes vary."""

Point = tuple[str, float, Mapping[str, Any]]
"""Method, weight, and the changes of the configuration
(:func:`~rbcl_lite.experiments.changes.changed`).
"""

SHORT: Mapping[str, Any] = {"train.epochs": 16}
RECIPES: dict[str, Mapping[str, Any]] = {
    "16 epochs": SHORT,
    "learning rate 0.003": {**SHORT, "train.lr": 3e-3},
    "learning rate 0.02": {**SHORT, "train.lr": 2e-2},
    "random erasing": {**SHORT, "augment.erase": 0.5},
    "label smoothing": {**SHORT, "learner_options.label_smoothing": 0.1},
    "batches of 8 x 4": {**SHORT, "batch": (8, 4)},
    "batches of 32 x 4": {**SHORT, "batch": (32, 4)},
    "max pooling": {**SHORT, "model.pooling": "max"},
    "multistep": {**SHORT, "train.schedule": "multistep"},
    "8 epochs": {"train.epochs": 8},
}
"""What was tried for the recipe of a scale, at half its length: name and change."""

TWICE: Mapping[str, Any] = {"train.epochs": 64}
"""Twice the length, which must change little: then a scale is trained."""

LENGTHS = (64, 32, 16, 8)  # the longest first, so that several processes end together
OLD_PEOPLE = (30, 60, 100, 200, 400)


@dataclass(frozen=True)
class Axis:
    """What an axis varies.

    Args:
        points: from the chosen weight of each method to what is trained.
        seeds: of people and weights.
    """

    points: Callable[[Mapping[str, float]], Sequence[Point]]
    seeds: tuple[int, ...]


def recipe(chosen: Mapping[str, float]) -> list[Point]:
    """The independent model under each recipe; and three methods at half, at once and at twice the length."""
    alone: list[Point] = [("independent", 0.0, changes) for changes in RECIPES.values()]
    methods = (("independent", 0.0), ("bct", 2.0), ("rbcl-no-agents", 1.0))
    lengths: list[Point] = [(m, w, c) for c in (SHORT, {}, TWICE) for m, w in methods]
    return alone + [point for point in lengths if point not in alone]


def length(chosen: Mapping[str, float]) -> list[Point]:
    """Five methods over the length of training, each epoch measured on validation people."""
    methods = ("independent", "bct", "contrastive", "smooth-ap", "rbcl-no-agents")
    return [(m, chosen[m], {"train.epochs": n, "watch": True}) for n in LENGTHS for m in methods]


def old_quality(chosen: Mapping[str, float]) -> list[Point]:
    """Five methods over the number of people that the old model was trained on, out of 400."""
    methods = ("independent", "bct", "contrastive", "smooth-ap", "rbcl-no-agents")
    return [(m, chosen[m], {"old.share": n / 400}) for n in OLD_PEOPLE for m in methods]


AXES: dict[str, Axis] = {
    "recipe": Axis(recipe, (0,)),
    "length": Axis(length, (0, 1, 2, 3, 4)),
    "old-quality": Axis(old_quality, (0, 1, 2, 3, 4)),
}
"""Name of the result file, and what it holds."""


def axis(
    name: str,
    *,
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Measure an axis and write its result file; what is done already is not done again.

    Args:
        name: a key of :data:`AXES`.
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``NAME.json`` is written, and where the weights that the setting's sweep chose
            are read.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file; its records hold ``changes``.

    Raises:
        ValueError: an unknown axis, or one whose methods have no chosen weight yet.
    """
    if name not in AXES:
        raise ValueError(f"unknown axis {name!r}: choose one of {', '.join(AXES)}")
    at = scale(scale_name).name
    chosen = {**read(result_path(SETTING, at, folder))["chosen"], "independent": 0.0}
    try:
        points = AXES[name].points(chosen)
    except KeyError as error:
        raise ValueError(
            f"no weight is chosen for {error}; run this first: rbcl-lite experiment sweep --setting {SETTING}"
        ) from error
    jobs = [
        Job(SETTING, method, weight, seed, at, tuple(changes.items()))
        for seed in AXES[name].seeds
        for method, weight, changes in points
    ]
    path = result_path(name, at, folder)
    run_jobs(jobs, execute, workers, path, name, progress)
    return path
