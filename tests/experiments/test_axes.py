"""Axes: the points of each, what they need, and the file that one writes at a tiny scale."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jobs_here import jobs_here

from rbcl_lite.base.scale import SCALES, Scale
from rbcl_lite.experiments import axes
from rbcl_lite.experiments.axes import AXES, SETTING, axis
from rbcl_lite.experiments.freshness import job_of, stale_records
from rbcl_lite.experiments.jobs import Job, _put
from rbcl_lite.experiments.result_file import merge, read, result_path

CHOSEN = {"independent": 0.0, "bct": 2.0, "contrastive": 1.0, "smooth-ap": 5.0, "rbcl-no-agents": 1.0}


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that were executed, in this process: others would not know the tiny scale."""
    done: list[Job] = []
    monkeypatch.setattr(axes, "run_jobs", jobs_here(done))
    return done


@pytest.mark.parametrize("name", AXES)
def test_every_point_is_a_run(name: str) -> None:
    points = AXES[name].points(CHOSEN)
    jobs = [Job(SETTING, m, w, 0, "laptop", tuple(changes.items())) for m, w, changes in points]
    asked = {(job.key(), str(job.config().old)) for job in jobs}  # an independent run has one key for all old ones
    assert len(asked) == len(set(jobs)) == len(jobs)
    assert all(job_of({"setting": SETTING, "scale": "laptop"}, stored(job)) == job for job in jobs)


def stored(job: Job) -> dict[str, Any]:
    """The record of a job as a file gives it back."""
    return json.loads(json.dumps({"method": job.method, "weight": job.weight, "seed": 0, "changes": dict(job.changes)}))


@pytest.mark.parametrize("name", ["length", "old-quality"])
def test_points_need_the_weights_that_were_chosen(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"no weight is chosen for 'bct'; run this first: .* --setting {SETTING}"):
        axis(name, scale_name="smoke", folder=tmp_path)
    assert not list(tmp_path.iterdir())
    merge(result_path(SETTING, "smoke", tmp_path), lambda result: result.update(chosen={"bct": 2.0}))
    with pytest.raises(ValueError, match="no weight is chosen for 'contrastive'"):
        axis(name, scale_name="smoke", folder=tmp_path)


def test_an_unknown_axis(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown axis 'magic': choose one of recipe, length, old-quality"):
        axis("magic", folder=tmp_path)


def test_the_file_of_the_recipe(
    tiny_world: Scale, tmp_path: Path, in_process: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {"train.epochs": 1}
    recipes = {name: {**c, "train.epochs": 1} for name, c in axes.RECIPES.items() if "32 x 4" not in name}
    del recipes["8 epochs"]  # now equal to the shortest
    recipes["batches of 8 x 4"] = {**short, "batch": (3, 2)}
    monkeypatch.setitem(SCALES, "tiny-test", replace(tiny_world, epochs=2))
    monkeypatch.setattr(axes, "RECIPES", recipes)
    monkeypatch.setattr(axes, "SHORT", short)
    monkeypatch.setattr(axes, "TWICE", {"train.epochs": 3})
    path = axis("recipe", scale_name="tiny-test", folder=tmp_path)
    assert path == tmp_path / "recipe-tiny-test.json"
    result = json.loads(path.read_text())
    points = axes.recipe({})
    assert len(result["runs"]) == len(in_process) == len(points) == len(recipes) + 8
    assert (result["setting"], result["scale"]) == (SETTING, "tiny-test") and not stale_records(result)
    for record in result["runs"]:
        assert {"old_old", "new_old", "new_new", "flips"} <= record["test"].keys() == record["validation"].keys()
    assert [3, 2] in [record.get("changes", {}).get("batch") for record in result["runs"]]
    assert sum("changes" not in record for record in result["runs"]) == 3  # the scale's own length
    before = len(in_process)
    assert axis("recipe", scale_name="tiny-test", folder=tmp_path) == path and len(in_process) == before


def test_a_record_that_is_measured_again_replaces_the_former_one(tmp_path: Path) -> None:
    """Trap: a change that is a tuple comes back from the file as a list, and seems to be another one."""
    job = Job(SETTING, "independent", 0.0, 0, "laptop", (("batch", (8, 4)),))
    for run in ("before", "after"):
        record = {"method": "independent", "weight": 0.0, "seed": 0, "changes": dict(job.changes), "run": run}
        merge(tmp_path / "recipe.json", lambda result: _put(result, job, record))  # noqa: B023
    assert [r["run"] for r in read(tmp_path / "recipe.json")["runs"]] == ["after"]
