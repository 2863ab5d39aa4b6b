"""The sweep at smoke scale: what it runs, what it writes, and that it does nothing twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from rbcl_lite.experiments import sweep as sweeps
from rbcl_lite.experiments.choice import choose_weight, next_weight
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.result_file import merge
from rbcl_lite.experiments.sweep import sweep
from rbcl_lite.experiments.tables.runs import chosen_runs, curve, load_result, summary

MOST = 4  # weights of a list


def replayed(result: dict[str, Any], method: str, weights: list[float]) -> tuple[list[float], bool]:
    """The weights that the rule asks for one after the other, and whether the last choice is still an end."""
    records = {r["weight"]: r for r in result["runs"] if r["method"] == method and r["seed"] == 0}
    (alone,) = (r for r in result["runs"] if r["method"] == "independent" and r["seed"] == 0)
    weights = list(weights)
    while True:
        chosen = choose_weight([records[w] for w in weights], alone)
        wanted = next_weight(weights, chosen)
        if wanted is None or len(weights) >= MOST:
            assert result["chosen"][method] == chosen
            return weights, wanted is not None
        weights.append(wanted)


@pytest.mark.slow
def test_sweep_resumes_and_tables_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_cache = tmp_path / "cache"
    monkeypatch.setenv("RBCL_CACHE", str(own_cache))
    monkeypatch.setattr(sweeps, "WEIGHTS", {"l2": (1, 2), "bct": (1,)})
    monkeypatch.setattr(sweeps, "MOST_WEIGHTS", MOST)
    settings = dict(seeds=(0, 1), workers=1, scale_name="smoke", folder=tmp_path, progress=False)
    path = sweep("stronger-and-more", ["l2"], **settings)
    first = json.loads(path.read_text())
    assert path.name == "stronger-and-more-smoke.json"
    weights, ends = replayed(first, "l2", [1.0, 2.0])
    assert len(weights) > 2  # of two weights one is an end, so the list grew
    assert sorted((r["method"], r["weight"], r["seed"]) for r in first["runs"]) == sorted(
        [
            *(("l2", weight, 0) for weight in weights),
            ("l2", first["chosen"]["l2"], 1),
            *((baseline, 0.0, seed) for baseline in ("independent", "rotation") for seed in (0, 1)),
        ]
    )
    assert first["ends"] == (["l2"] if ends else [])
    assert {"versions", "hardware", "date"} <= set(first) and len(first["commands"]) == 1

    runs = sorted((own_cache / "runs").glob("*/run.json"))
    stamps = [r.stat().st_mtime_ns for r in runs]
    sweep("stronger-and-more", ["l2", "bct"], **settings)
    assert [r.stat().st_mtime_ns for r in runs] == stamps  # nothing was trained again

    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "elsewhere"))  # another machine, with the result file alone
    sweep("stronger-and-more", ["l2", "bct"], **settings)
    assert not (tmp_path / "elsewhere" / "runs").exists()

    result = load_result("stronger-and-more-smoke", tmp_path)
    assert list(curve(result, "l2")["weight"]) == sorted(weights)
    assert set(chosen_runs(result)["seed"]) == {0, 1}
    table = summary(result)
    assert table.loc["l2", "seeds"] == 2
    own = chosen_runs(result).query("method == 'l2'")
    assert table.loc["l2", "gap"] == pytest.approx((own["new_old"] - own["old_old"]).mean())
    assert stale(tmp_path) == []

    result["runs"][0]["run"] = "l2-" + "0" * 16
    path.write_text(json.dumps(result))
    assert result["runs"][0]["method"] in stale(tmp_path)[0]
    sweep("stronger-and-more", ["l2", "bct"], **settings)
    assert stale(tmp_path) == []  # what was out of date, and nothing else, was trained again
    assert len(list((tmp_path / "elsewhere" / "runs").glob("*/run.json"))) <= 2

    result = load_result("stronger-and-more-smoke", tmp_path)
    for record in result["runs"]:
        record["run"] = "before-a-refactoring"  # as if code had changed
        if record["method"] == "bct":
            record["test"]["new_old"] += 1
    path.write_text(json.dumps(result))
    said = confirm(path, workers=1, progress=False)
    assert [("confirmed" in line, "measure it again" in line) for line in said] == [
        (False, True),
        (True, False),
        (True, False),
        (True, False),
    ]
    assert [line.split()[1] for line in said] == ["bct", "independent", "l2", "rotation"]
    left = load_result("stronger-and-more-smoke", tmp_path)
    assert left["commands"] == result["commands"] and left["confirmed"]["date"]
    assert stale(tmp_path) == [f"{path.name}: bct is older than the code or the images it was measured with"]


def test_a_file_of_its_own_keeps_what_others_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the methods of the call change; the best of three weights lies inside, so the list does not grow."""

    def measured(jobs: list[Job], *_: object) -> dict[Job, dict[str, Any]]:
        def record(job: Job) -> dict[str, Any]:
            score = {"new_old": 30 - abs(job.weight - 2), "new_new": 60.0, "old_old": 20.0}
            return {"method": job.method, "weight": job.weight, "seed": job.seed, "validation": score}

        return {job: record(job) for job in jobs}

    monkeypatch.setattr(sweeps, "run_jobs", measured)
    monkeypatch.setattr(sweeps, "WEIGHTS", {"l2": (1, 2, 4)})
    before = {"setting": "more-identities", "chosen": {"nccl": 4.0, "l2": 1.0}, "runs": [], "ends": ["l2", "nccl"]}
    merge(tmp_path / "variants.json", lambda result: result.update(before))
    path = sweep("more-identities", ["l2"], name="variants", seeds=[0], scale_name="laptop", folder=tmp_path)
    result = json.loads(path.read_text())
    assert path.name == "variants.json"
    assert result["chosen"] == {"nccl": 4.0, "l2": 2.0} and result["ends"] == ["nccl"]
    with pytest.raises(ValueError, match=r"variants\.json belongs to another setting than stronger-and-more"):
        sweep("stronger-and-more", ["l2"], name="variants", scale_name="laptop", folder=tmp_path)
    with pytest.raises(ValueError, match="belongs to another setting"):
        sweep("stronger-and-more", ["l2"], name="more-identities", scale_name="laptop", folder=tmp_path)


def test_whole_curves_over_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Job] = []

    def measured(jobs: list[Job], *_: object) -> dict[Job, dict[str, Any]]:
        asked.extend(jobs)
        score = {"new_old": 30.0, "new_new": 60.0, "old_old": 20.0}
        return {j: {"weight": j.weight, "validation": {**score, "new_new": 60 - abs(j.weight - 2)}} for j in jobs}

    monkeypatch.setattr(sweeps, "run_jobs", measured)
    monkeypatch.setattr(sweeps, "WEIGHTS", {"l2": (1, 2, 4), "bct": (1, 2, 4)})
    monkeypatch.setattr(sweeps, "choose_weight", lambda records, alone: 2.0)
    here = {"seeds": (0, 1, 2), "scale_name": "laptop", "folder": tmp_path}
    sweep("more-identities", ["l2", "bct"], whole_curves=["bct"], **here)
    weights = {m: {s: {j.weight for j in asked if (j.method, j.seed) == (m, s)} for s in (1, 2)} for m in ("l2", "bct")}
    assert weights["bct"] == {1: {1.0, 2.0, 4.0}, 2: {1.0, 2.0, 4.0}} and weights["l2"] == {1: {2.0}, 2: {2.0}}
    with pytest.raises(ValueError, match="whole curves are asked for nccl: name them among the methods too"):
        sweep("more-identities", ["l2"], whole_curves=["nccl"], **here)


def test_changed_runs_never_stand_among_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Job] = []
    monkeypatch.setattr(sweeps, "sweep_jobs", lambda path, job, *_, **__: asked.append(job("rbcl", 1.0, 0)))
    here = {"scale_name": "laptop", "folder": tmp_path}
    sweep("more-identities", ["rbcl"], name="small-batches", changes={"batch": [8, 4]}, **here)
    assert asked[0].config().batch == (8, 4) and asked[0].changes == (("batch", (8, 4)),)
    with pytest.raises(ValueError, match=r"give runs with {'batch': \(8, 4\)} a name of their own"):
        sweep("more-identities", ["rbcl"], changes={"batch": [8, 4]}, **here)
    run = {"changes": {"batch": [8, 4]}}
    merge(tmp_path / "small-batches.json", lambda result: result.update(setting="more-identities", runs=[run]))
    sweep("more-identities", ["rbcl"], name="small-batches", changes={"batch": (8, 4)}, **here)
    with pytest.raises(ValueError, match=r"holds runs with {'batch': \[8, 4\]}, not with {}: choose another name"):
        sweep("more-identities", ["rbcl"], name="small-batches", **here)


def test_missing_result_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment sweep --setting more-identities"):
        load_result("more-identities", tmp_path)
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment sweep --setting SETTING --name variants"):
        load_result("variants", tmp_path)
