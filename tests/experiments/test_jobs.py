"""A job: the run that it asks for, and the record that it leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_runs import NEW

from rbcl_lite.base.scale import Scale
from rbcl_lite.experiments.jobs import Job, record, run_jobs
from rbcl_lite.experiments.result_file import merge
from rbcl_lite.experiments.rotation import ROTATION
from rbcl_lite.experiments.settings import compatible, independent
from rbcl_lite.runs.run_or_load import run_or_load

JOB = Job("more-identities", "l2", 2.0, 4, "laptop")


def test_the_run_of_a_job() -> None:
    assert JOB.config() == compatible("more-identities", "l2", 2.0, 4, "laptop") and JOB.key() == JOB.config().key()
    longer = replace(JOB, changes=(("train.epochs", 3),)).config()
    assert longer == replace(JOB.config(), train=replace(JOB.config().train, epochs=3))


def test_the_rotation_trains_nothing_of_its_own_and_has_a_record_of_its_own() -> None:
    turned, alone = replace(JOB, method=ROTATION, weight=0.0), replace(JOB, method="independent", weight=0.0)
    assert turned.config().key() == alone.config().key() == independent("more-identities", 4, "laptop").key()
    assert turned.key() != alone.key()


def test_what_is_known_is_not_executed(tmp_path: Path) -> None:
    known = {"method": "l2", "weight": 2.0, "seed": 4, "run": JOB.key()}
    merge(tmp_path / "a.json", lambda result: result["runs"].append(known))

    def work(job: Job) -> dict[str, Any]:
        raise AssertionError("executed")

    assert run_jobs([JOB], work, 1, tmp_path / "a.json", "none", False) == {JOB: known}


def test_an_independent_run_is_measured_against_each_old_model(tmp_path: Path) -> None:
    """Trap: its key does not hold the old model, which changes nothing in it, but its scores do."""
    half = Job("stronger-and-more", "independent", 0.0, 0, "laptop", (("old.share", 0.5), ("batch", (8, 4))))
    quarter = replace(half, changes=(("old.share", 0.25), ("batch", (8, 4))))
    assert half.config().key() == quarter.config().key() and half.key() != quarter.key()
    known = {"method": "independent", "weight": 0.0, "seed": 0, "changes": dict(half.changes), "run": half.key()}
    merge(tmp_path / "a.json", lambda result: result["runs"].append(known))
    found = run_jobs([half], len, 1, tmp_path / "a.json", "none", False)  # type: ignore[arg-type]
    assert found[half]["run"] == half.key()
    with pytest.raises(TypeError, match="has no len"):  # executed
        run_jobs([half, quarter], len, 1, tmp_path / "a.json", "none", False)  # type: ignore[arg-type]


def test_a_record_says_what_was_done_and_what_it_cost(tiny_world: Scale, tmp_path: Path) -> None:
    config = replace(NEW, watch=True, train=replace(NEW.train, epochs=2))
    run = run_or_load(config, folder=tmp_path)
    found = record(replace(JOB, changes=(("train.epochs", 2),)), run, {"test": {"new_old": 1.0}})
    history = run.read_history()
    assert found["seconds"] == round(history["seconds"].sum(), 1) and found["changes"] == {"train.epochs": 2}
    assert found["test"] == {"new_old": 1.0} and found["run"] != JOB.key() and {"hardware", "date"} <= set(found)
    assert found["epochs"] == {c: [round(v, 4) for v in history[c]] for c in ("new_old", "new_new")}
    assert "epochs" not in record(JOB, run_or_load(replace(config, watch=False), folder=tmp_path), {})


def test_a_record_says_how_many_pairs_were_saturated_at_the_end(tiny_world: Scale, tmp_path: Path) -> None:
    config = replace(NEW, train=replace(NEW.train, epochs=2))
    ranked = run_or_load(replace(config, method="smooth-ap", weight=1.0), folder=tmp_path)
    shares = ranked.read_history()["saturation"]
    assert record(JOB, ranked, {})["saturation"] == round(shares.iloc[-1], 4) and len(shares) == 2
    assert "saturation" not in record(JOB, run_or_load(config, folder=tmp_path), {})


def test_a_failure_is_raised_and_nothing_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown setting 'moon'"):
        run_jobs([replace(JOB, setting="moon")], len, 1, tmp_path / "a.json", "none", False)  # type: ignore[arg-type]
    assert not (tmp_path / "a.json").exists()
