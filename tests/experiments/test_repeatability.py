"""Equal runs on one and on two threads: trained apart, kept under their threads, compared with their own twin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from jobs_here import jobs_here

from rbcl_lite.data.cache import cache_dir
from rbcl_lite.experiments import repeatability
from rbcl_lite.experiments.freshness import job_of, stale_records
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.repeatability import SETTING, RepeatJob, differences
from rbcl_lite.experiments.result_file import merge, read, result_path


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_file_of_a_tiny_repetition(tiny_world: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Job] = []
    monkeypatch.setattr(repeatability, "run_jobs", jobs_here(done))
    merge(result_path(SETTING, "tiny-test", tmp_path), lambda result: result.update(chosen={"bct": 1.0}))
    asked = {"methods": ("independent", "bct"), "scale_name": "tiny-test", "folder": tmp_path}
    result = read(repeatability.repeatability(**asked))
    assert [job.threads for job in done if isinstance(job, RepeatJob)] == [1, 1, 2, 2]
    assert not stale_records(result) and all(job_of(result, r) in done for r in result["runs"])
    apart = [path.parent.name for path in (cache_dir() / "runs-on-2-threads").glob("*/run.json")]
    assert len(apart) == 3  # the old model too
    assert differences(result).shape == (2, 3)
    repeatability.repeatability(**asked)
    assert len(done) == 4  # nothing is trained twice


def test_a_run_is_compared_with_its_own_twin() -> None:
    def run(method: str, seed: int, threads: int, new_old: float) -> dict:
        test = {"old_old": 20.0, "new_old": new_old, "new_new": 60.0, "flips": 1.0}
        return {"method": method, "seed": seed, "changes": {"threads": threads}, "test": test}

    runs = [run("bct", 0, 1, 30.0), run("bct", 1, 2, 50.0), run("l2", 0, 2, 22.0), run("bct", 0, 2, 31.5)]
    runs += [run("l2", 0, 1, 24.0)]  # bct on seed 1 has no twin
    found = differences({"runs": runs})
    assert found["new_old"].to_dict() == {("bct", 0): 1.5, ("l2", 0): -2.0}
    assert (found[["old_old", "new_new"]] == 0).all(axis=None)


def test_methods_need_a_chosen_weight(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"no weight is chosen for bct, .*: rbcl-lite experiment sweep .* {SETTING}"):
        repeatability.repeatability(scale_name="smoke", folder=tmp_path)
    assert not list(tmp_path.iterdir())
