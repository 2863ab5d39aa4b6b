"""Roll-out: what each method's new queries find while the gallery is backfilled, over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.jobs import Job, cross_tests, record, run_jobs
from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.experiments.result_file import RESULTS, chosen_weights, result_path
from rbcl_lite.experiments.rollout.measures import measure_rollout
from rbcl_lite.experiments.rotation import BASELINES, ROTATION
from rbcl_lite.experiments.settings import compatible
from rbcl_lite.gallery.mixed import MixedGallery
from rbcl_lite.runs.config import RunConfig

NAME = "rollout"
"""Name of the result file."""
SETTING = "stronger-and-more"
"""The setting whose upgrades are rolled out."""
METHODS = ("independent", ROTATION, "bct", "contrastive", "rbcl-no-agents", "rbcl")
"""The methods that are compared, at the weights that validation people chose."""
RATE = {"smoke": 0.01}
"""False-match rate of the calibration where it is not one in a thousand: a tiny scale has few pairs."""


@dataclass(frozen=True)
class RolloutJob(Job):
    """The roll-out of one run; ``setting`` is the name of the result."""

    def config(self) -> RunConfig:
        """The run that is rolled out."""
        method = "independent" if self.method == ROTATION else self.method
        return compatible(SETTING, method, self.weight, self.seed, self.scale)

    def key(self) -> str:
        """Content address of the record: of the run, its old model and the code of the measures."""
        return f"{super().key()} {fingerprint('experiments.rollout.measures')}"


def rollout(
    *,
    methods: Sequence[str] = METHODS,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Roll out methods on seeds and write one result file; what is done already is not done again.

    Args:
        methods: names of methods, variants and baselines.
        seeds: of people and weights; all methods on one before the next.
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``rollout.json`` is written, and where the weights that the setting's sweep
            chose are read.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file; ``test`` of each record is what
        :func:`~rbcl_lite.experiments.rollout.measures.measure_rollout` gives.

    Raises:
        ValueError: a method whose weight is not chosen yet.
    """
    at = scale(scale_name).name
    chosen = chosen_weights(SETTING, methods, at, folder, BASELINES)
    path = result_path(NAME, at, folder)
    jobs = [RolloutJob(NAME, m, w, s, at) for s in seeds for m, w in chosen.items()]
    run_jobs(jobs, roll_out, workers, path, NAME, progress)
    return path


def roll_out(job: Job) -> dict[str, Any]:
    """Train (or load) a run and measure its roll-out."""
    new, tests = cross_tests(job)
    validation, test = (mixed_gallery(tests[part]) for part in ("validation", "test"))
    measured = measure_rollout(validation, test, seed=job.seed, rate=RATE.get(job.scale, 0.001))
    return record(job, new, {"validation": {}, "test": measured})


def mixed_gallery(test: CrossTest) -> MixedGallery:
    """The vectors of a cross-test as a backfill meets them."""
    return MixedGallery(test.old_query, test.old_gallery, test.new_query, test.new_gallery)
