"""The GPU report at smoke scale on whatever is here: what it holds, and that nothing is measured twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rbcl_lite.commands.cli import main
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.gpu import report as reports
from rbcl_lite.experiments.gpu.in_time import run_in_time
from rbcl_lite.experiments.gpu.report import UPGRADES, load_report, report_age, weights
from rbcl_lite.experiments.gpu.step_times import PAIRS, step_time
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.tables.runs import load_result, runs_table
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS


@pytest.mark.slow
def test_interrupted_twice_it_measures_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["experiment", "gpu-report", "--scale", "smoke", "--out", str(tmp_path), "--workers", "2"]
    timed: list[tuple[str, str]] = []
    begun: list[list[str]] = []
    stop = [True, True]

    def counted(start: Any, at: Any, learner: str, method: str, *args: Any, **options: Any) -> dict[str, Any]:
        if len(timed) == 3 and stop[0]:
            raise KeyboardInterrupt
        timed.append((learner, method))
        return step_time(start, at, learner, method, *args, **options)

    def interrupted(jobs: list[Job], *args: Any) -> list[Job]:
        keep: Callable[..., None] = args[-1]
        begun.append([job.method for job in jobs])

        def keep_and_stop(job: Job, record: dict[str, Any]) -> None:
            keep(job, record)
            if stop[1]:
                raise KeyboardInterrupt

        return run_in_time(jobs[:1] if stop[1] else jobs, *args[:-1], keep_and_stop)

    monkeypatch.setattr(reports, "step_time", counted)
    monkeypatch.setattr(reports, "run_in_time", interrupted)
    monkeypatch.setattr(reports, "UPGRADES", ("independent", "bct", "mixbct"))

    with pytest.raises(SystemExit, match="130"):
        main(command)
    first = load_report("smoke", tmp_path)
    assert [(r["learner"], r["method"]) for r in first["steps"]] == PAIRS[:3]
    assert not first["complete"] and first["upgrades"] == []

    stop[0] = False
    with pytest.raises(SystemExit, match="130"):
        main(command)
    second = load_report("smoke", tmp_path)
    assert second["drawing"] == first["drawing"] and second["steps"][:3] == first["steps"]
    assert [r["method"] for r in second["upgrades"]] == ["independent"] and not second["complete"]

    stop[1] = False
    main(command)
    main(command)
    whole = load_report("smoke", tmp_path)
    assert timed == PAIRS
    assert begun == [["independent", "bct", "mixbct"], ["bct", "mixbct"]]
    assert whole["complete"] and whole["skipped"] == []
    assert whole["device"]["name"] == whole["hardware"] and whole["drawing"]["images_per_second"] > 0
    assert all(r["ms"] > 0 and r["scale"] == "smoke" and "error" not in r for r in whole["steps"])
    assert {r["method"] for r in whole["upgrades"]} == {"independent", "bct", "mixbct"}
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".lock") == ["gpu-report-smoke.json"]

    table = runs_table({"runs": whole["upgrades"]})  # records as those of a sweep
    assert {"method", "weight", "seed", "new_old", "seconds"} <= set(table)
    assert stale(tmp_path) == [] and confirm(tmp_path / "gpu-report-smoke.json") == []  # it may lie among results

    assert report_age(whole) == f"measured on {whole['date']}"
    older = {**whole, "steps": [{**whole["steps"][0], "code": "another"}, *whole["steps"][1:]]}
    assert report_age(older) == f"measured on {whole['date']}, with code older than what is here"

    (path,) = tmp_path.glob("*.json")
    whole["device"]["name"] = "another card"
    whole["steps"] = whole["steps"][:1]
    path.write_text(json.dumps(whole))
    stop[0] = True
    timed[:] = PAIRS[:3]
    with pytest.raises(SystemExit, match="130"):
        main(command)
    assert load_report("smoke", tmp_path)["steps"] == []  # another device begins anew


def test_without_a_gpu_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as caught:
        main(["experiment", "gpu-report", "--out", str(tmp_path)])
    assert str(caught.value.code).startswith("rbcl-lite: gpu-report measures a CUDA device, and there is none here")
    assert "\n" not in str(caught.value.code) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--minutes", "--workers"])
def test_nothing_in_no_time(option: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="above 0"):
        main(["experiment", "gpu-report", "--scale", "smoke", "--out", str(tmp_path), option, "0"])


def test_minutes_that_are_over_skip_all_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["experiment", "gpu-report", "--scale", "smoke", "--out", str(tmp_path), "--minutes", "0.0001"])
    report = load_report("smoke", tmp_path)
    assert not report["complete"] and len(report["skipped"]) == len(PAIRS) + len(UPGRADES)
    assert "no time was left for: steps of smoke supervised independent" in capsys.readouterr().out


def test_made_up_images_are_what_the_record_says() -> None:
    from rbcl_lite.base.scale import SCALES
    from rbcl_lite.experiments.gpu import step_times

    cams = step_times.made_up(SCALES["smoke"]).train.cams
    assert "4 of each, 3 cameras" in step_times.IMAGES and set(cams.tolist()) == {0, 1, 2}


def test_a_failing_step_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rbcl_lite.base.scale import SCALES
    from rbcl_lite.experiments.gpu import step_times

    def full(*args: Any, **options: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.\nMore lines.")

    monkeypatch.setattr(step_times, "train", full)
    row = step_time(step_times.made_up(SCALES["smoke"]), SCALES["smoke"], "supervised", "l2", "cpu", 1)
    assert row["ms"] is None and row["error"] == "OutOfMemoryError: CUDA out of memory."


def test_every_method_and_learner_is_timed_at_its_chosen_weight() -> None:
    assert {m for _, m in PAIRS} == set(METHODS) and {learner for learner, _ in PAIRS} == set(LEARNERS)
    chosen = load_result("stronger-and-more")["chosen"]
    assert weights() == {m: chosen.get(m, 0.0) for m in UPGRADES}


def test_missing_report_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment gpu-report"):
        load_report(folder=tmp_path)
