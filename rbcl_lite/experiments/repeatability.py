"""Repeatability: by how much equal runs differ when their sums are added up in another order, as more threads do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rbcl_lite.base.scale import scale
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.experiments.jobs import Job, cross_tests, record, run_jobs
from rbcl_lite.experiments.measure import scores
from rbcl_lite.experiments.result_file import RESULTS, chosen_weights, result_path
from rbcl_lite.experiments.settings import compatible
from rbcl_lite.runs.config import RunConfig

NAME = "repeatability"
"""Name of the result file."""
SETTING = "stronger-and-more"
"""The setting whose runs are repeated."""
METHODS = ("independent", "bct", "rbcl-no-agents")
THREADS = (1, 2)


@dataclass(frozen=True)
class RepeatJob(Job):
    """One run on a number of threads, which ``changes`` holds; ``setting`` is the name of the result."""

    @property
    def threads(self) -> int:
        """Threads of the training, its old model's included."""
        return int(dict(self.changes)["threads"])

    def config(self) -> RunConfig:
        """The run that is repeated."""
        return compatible(SETTING, self.method, self.weight, self.seed, self.scale)

    def key(self) -> str:
        """Content address of the record: of the run and its old model, and the threads."""
        return f"{super().key()} on {self.threads} threads"


def repeatability(
    *,
    methods: Sequence[str] = METHODS,
    seeds: Sequence[int] = (0,),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Train runs on one and on two threads and write one result file; what is done already is not done again.

    Args:
        methods: names of methods and variants; the old model of each is trained again too.
        seeds: of people and weights.
        workers: threads in use at once: that many processes of one thread, half of two.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``repeatability.json`` is written, and where the weights that the setting's
            sweep chose are read.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file; ``changes`` of a record holds its ``threads``.

    Raises:
        ValueError: a method whose weight is not chosen yet.
    """
    at = scale(scale_name).name
    chosen = chosen_weights(SETTING, methods, at, folder, {"independent": 0.0})
    path = result_path(NAME, at, folder)
    for threads in THREADS:
        changes = (("threads", threads),)
        jobs = [RepeatJob(NAME, m, w, s, at, changes) for s in seeds for m, w in chosen.items()]
        run_jobs(jobs, repeat, max(1, workers // threads), path, f"{threads} threads", progress)
    return path


def repeat(job: Job) -> dict[str, Any]:
    """Train a run on the job's number of threads and measure it.

    On one thread it is the run that all results have, and is loaded where it is there.
    """
    assert isinstance(job, RepeatJob)
    apart = None if job.threads == 1 else cache_dir() / f"runs-on-{job.threads}-threads"
    new, tests = cross_tests(job, job.threads, apart)
    return record(job, new, {part: scores(test) for part, test in tests.items()})


def differences(result: Mapping[str, Any], part: str = "test") -> pd.DataFrame:
    """Each run on two threads minus the same on one.

    Args:
        result: what :func:`repeatability` wrote.
        part: test or validation people.

    Returns:
        ``old_old``, ``new_old`` and ``new_new`` in points, one row for each method and seed.

    >>> test = {"old_old": 20.0, "new_old": 30.0, "new_new": 60.0}
    >>> run = {"method": "bct", "seed": 0, "changes": {"threads": 1}, "test": test}
    >>> again = {**run, "changes": {"threads": 2}, "test": {**test, "new_old": 30.5}}
    >>> differences({"runs": [run, again]}).to_dict("records")
    [{'old_old': 0.0, 'new_old': 0.5, 'new_new': 0.0}]
    """
    columns = ["old_old", "new_old", "new_new"]
    rows = [{**r[part], "method": r["method"], "seed": r["seed"], **r["changes"]} for r in result["runs"]]
    one, two = (table.set_index(["method", "seed"])[columns] for _, table in pd.DataFrame(rows).groupby("threads"))
    return (two - one).dropna()
