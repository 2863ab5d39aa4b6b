"""Jobs that are begun only while they are expected to end in time."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rbcl_lite.experiments.gpu import in_time
from rbcl_lite.experiments.gpu.in_time import OVERHEAD, run_in_time
from rbcl_lite.experiments.jobs import Job

JOBS = [Job("stronger-and-more", method, 1.0, 0, "smoke") for method in ("l2", "bct", "rbcl")]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], list[str], list[int]]]:
    """A function that runs jobs of given lengths; gives what was kept, what was left, and the workers."""
    workers: list[int] = []

    def pool(count: int, mp_context: object, initializer: object) -> ThreadPoolExecutor:
        workers.append(count)
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(in_time, "ProcessPoolExecutor", pool)

    def go(alone: dict[str, float], seconds: float, count: int, slowdown: float = 1.0) -> tuple[Any, ...]:
        kept: list[str] = []
        left = run_in_time(
            JOBS,
            lambda job: {"seconds": slowdown * alone[job.method]},
            lambda job: alone[job.method],
            time.monotonic() + OVERHEAD + seconds,
            count,
            lambda job, record: kept.append(job.method),
        )
        return sorted(kept), [job.method for job in left], workers

    return go


def test_everything_fits(run: Callable[..., Any]) -> None:
    assert run({"l2": 10, "bct": 10, "rbcl": 10}, 100, 3) == (["bct", "l2", "rbcl"], [], [3])


def test_what_does_not_fit_is_not_begun_and_a_later_one_is(run: Callable[..., Any]) -> None:
    assert run({"l2": 10, "bct": 1000, "rbcl": 10}, 100, 1) == (["l2", "rbcl"], ["bct"], [1])


def test_nothing_fits(run: Callable[..., Any]) -> None:
    assert run({"l2": 1000, "bct": 1000, "rbcl": 1000}, 100, 3) == ([], ["l2", "bct", "rbcl"], [])


def test_fewer_share_the_device_where_sharing_might_take_too_long(run: Callable[..., Any]) -> None:
    assert run({"l2": 40, "bct": 40, "rbcl": 40}, 90, 3)[2] == [2]


def test_a_slowdown_that_was_seen_counts(run: Callable[..., Any]) -> None:
    assert run({"l2": 10, "bct": 10, "rbcl": 10}, 100, 1, slowdown=20.0) == (["l2"], ["bct", "rbcl"], [1])
