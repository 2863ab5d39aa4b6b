"""The sweep at smoke scale: what it runs, what it writes, and that it does nothing twice."""

import json
from pathlib import Path

import pytest

from rbcl_lite.experiments import sweep as sweeps
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.sweep import sweep
from rbcl_lite.experiments.tables import chosen_runs, curve, load_result, summary


@pytest.mark.slow
def test_sweep_resumes_and_tables_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_cache = tmp_path / "cache"
    monkeypatch.setenv("RBCL_CACHE", str(own_cache))
    monkeypatch.setattr(sweeps, "WEIGHTS", {"l2": (1, 2), "bct": (1,)})
    settings = dict(seeds=(0, 1), workers=1, scale_name="smoke", folder=tmp_path, progress=False)
    path = sweep("stronger-and-more", ["l2"], **settings)
    first = json.loads(path.read_text())
    assert path.name == "stronger-and-more-smoke.json"
    assert sorted((r["method"], r["weight"], r["seed"]) for r in first["runs"]) == sorted(
        [
            ("independent", 0.0, 0),
            ("independent", 0.0, 1),
            ("l2", 1.0, 0),
            ("l2", 2.0, 0),
            ("l2", first["chosen"]["l2"], 1),
        ]
    )
    assert {"versions", "hardware", "date", "command"} <= set(first)

    runs = sorted((own_cache / "runs").glob("*/run.json"))
    stamps = [r.stat().st_mtime_ns for r in runs]
    sweep("stronger-and-more", ["l2", "bct"], **settings)
    assert [r.stat().st_mtime_ns for r in runs] == stamps  # nothing was trained again

    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "elsewhere"))  # another machine, with the result file alone
    sweep("stronger-and-more", ["l2", "bct"], **settings)
    assert not (tmp_path / "elsewhere" / "runs").exists()

    result = load_result("stronger-and-more-smoke", tmp_path)
    assert list(curve(result, "l2")["weight"]) == [1.0, 2.0]
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
    ]
    assert [line.split()[1] for line in said] == ["bct", "independent", "l2"]
    left = load_result("stronger-and-more-smoke", tmp_path)
    assert left["command"] == result["command"] and left["confirmed"]["date"]
    assert stale(tmp_path) == [f"{path.name}: bct is older than the code or the images it was measured with"]


def test_missing_result_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment sweep --setting moon"):
        load_result("moon", tmp_path)
