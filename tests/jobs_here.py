"""Jobs executed in this process: others would not know a tiny scale that a test made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rbcl_lite.experiments.jobs import Job, _put
from rbcl_lite.experiments.result_file import merge, read


def jobs_here(done: list[Job]) -> Callable[..., None]:
    """A stand-in for ``run_jobs``; what it executes is added to ``done``."""

    def run_jobs(
        jobs: Sequence[Job], work: Callable[[Job], dict[str, Any]], workers: int, path: Path, *_: object
    ) -> None:
        known = {record["run"] for record in read(path)["runs"]}
        for job in jobs:
            if job.key() not in known:
                done.append(job)
                record = work(job)
                merge(path, lambda result: _put(result, job, record))  # noqa: B023 - used before the next turn

    return run_jobs
