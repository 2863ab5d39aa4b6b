"""Jobs executed in this process: others would not know a tiny scale that a test made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rbcl_lite.experiments.jobs import Job, _put
from rbcl_lite.experiments.result_file import merge, read


def jobs_here(done: list[Job]) -> Callable[..., dict[Job, dict[str, Any]]]:
    """A stand-in for ``run_jobs``; what it executes is added to ``done``."""

    def run_jobs(
        jobs: Sequence[Job], work: Callable[[Job], dict[str, Any]], workers: int, path: Path, *_: object
    ) -> dict[Job, dict[str, Any]]:
        known = {record["run"]: record for record in read(path)["runs"]}
        records = {job: known[job.key()] for job in jobs if job.key() in known}
        for job in jobs:
            if job not in records:
                done.append(job)
                records[job] = work(job)
                merge(path, lambda result: _put(result, job, records[job]))  # noqa: B023 - used before the next turn
        return records

    return run_jobs
