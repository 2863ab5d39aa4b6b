"""Jobs that are begun only while they are expected to end in time, several at once on one device."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from rbcl_lite.base.children import end_with_parent
from rbcl_lite.experiments.jobs import Job

OVERHEAD = 30.0
"""Seconds of a job that are no training: a process starts, images are read, the upgrade is measured."""


def run_in_time(
    jobs: Sequence[Job],
    work: Callable[[Job], dict[str, Any]],
    alone: Callable[[Job], float],
    until: float,
    workers: int,
    keep: Callable[[Job, dict[str, Any]], None],
) -> list[Job]:
    """Execute jobs in processes as long as each is expected to end in time.

    Processes that share a device slow each other down. At first we expect the worst, that sharing
    gains nothing: k processes make each k times slower, and there are as many as the first job
    allows. From the first finished job on, the largest slowdown that was seen counts. A job that
    does not fit is passed over for a later one that does. What was begun is never stopped.

    Args:
        jobs: what to do, the most important first.
        work: a function of a module, from a job to its record, which holds the training ``seconds``.
        alone: expected seconds of training of a job that has the device to itself.
        until: when everything is to be over, on the clock of :func:`time.monotonic`.
        workers: processes, at most.
        keep: called with each finished job and its record, in this process.

    Returns:
        the jobs that were not begun.
    """
    waiting, seen = list(jobs), list[float]()
    workers = max(1, min(workers, len(waiting)))

    def fits(job: Job, slowdown: float) -> bool:
        return time.monotonic() + OVERHEAD + slowdown * alone(job) <= until

    while workers > 1 and not fits(waiting[0], workers):
        workers -= 1
    if not any(fits(job, workers) for job in waiting):
        return waiting
    running: dict[Future[dict[str, Any]], Job] = {}
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), end_with_parent) as pool:
        try:
            while True:
                slowdown = max(seen, default=float(workers))
                able = [job for job in waiting if fits(job, slowdown)]
                for job in able[: workers - len(running)]:
                    waiting.remove(job)
                    running[pool.submit(work, job)] = job
                if not running:
                    return waiting
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    job = running.pop(future)
                    record = future.result()
                    keep(job, record)
                    seen.append(record["seconds"] / max(alone(job), 1e-9))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
