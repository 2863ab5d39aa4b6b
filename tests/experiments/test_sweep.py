"""The sweep at smoke scale: what it runs, what it writes, and that it does nothing twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rbcl_lite.experiments import sweep as sweeps
from rbcl_lite.experiments.choice import choose_weight
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.settings import SETTINGS, VARIANTS, WEIGHTS, compatible, independent
from rbcl_lite.experiments.shared import SHARED, shared_config
from rbcl_lite.experiments.sweep import sweep
from rbcl_lite.experiments.tables import chosen_runs, curve, load_result, summary
from rbcl_lite.methods import METHODS


def record(weight: float, new_old: float, new_new: float) -> dict:
    return {"weight": weight, "validation": {"new_old": new_old, "new_new": new_new}}


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(1, 30, 80), (4, 35, 79), (16, 36, 60)], 4),  # the best one that costs at most 2 points
        ([(1, 30, 78.5), (4, 29, 90)], 1),  # exactly 2 points is still allowed
        ([(1, 30, 70), (4, 35, 60)], 1),  # none is fair: the one that costs least
    ],
)
def test_choose_weight(runs: list[tuple], expected: float) -> None:
    assert choose_weight([record(*r) for r in runs], record(0, 1, 80.5)) == expected


def test_choice_never_sees_test_people() -> None:
    runs = [record(1, 30, 80) | {"test": {"new_old": 99, "new_new": 99}}, record(2, 31, 80) | {"test": {"new_old": 0}}]
    assert choose_weight(runs, record(0, 1, 80)) == 2


def test_every_method_but_independent_has_at_least_five_ascending_weights() -> None:
    assert set(WEIGHTS) == set(METHODS) - {"independent"} | set(VARIANTS)
    for weights in WEIGHTS.values():
        assert len(weights) >= 5 and list(weights) == sorted(set(weights))


def test_variants_are_methods_with_other_options() -> None:
    assert not set(VARIANTS) & set(METHODS)
    for name, (method, options) in VARIANTS.items():
        config, plain = (compatible("more-identities", n, 2.0, 3, "laptop") for n in (name, method))
        assert config.method_options == options and config.key() != plain.key()
        assert config == replace(plain, method_options=options)


def test_settings_differ_as_their_names_say() -> None:
    more, stronger = independent("more-identities", 0, "laptop"), independent("stronger-backbone", 0, "laptop")
    assert more.old is not None and stronger.old is not None
    assert more.old.model == more.model and more.old.share < more.share
    assert stronger.old.model != stronger.model and stronger.old.share == stronger.share
    for name in SETTINGS:
        config = independent(name, 5, "laptop")
        assert config.old is not None and config.old.seed == config.seed == 5
        assert (config.images == config.old.images) is not name.startswith("cross-domain")


def test_shared_runs_are_runs_of_the_setting() -> None:
    assert shared_config("old", "laptop") == independent("stronger-and-more", 0, "laptop").old
    for name, (setting, method) in SHARED.items():
        config = shared_config(name, "laptop")
        assert config.old == independent(setting, 0, "laptop").old
        assert config.weight == (0 if method == "independent" else load_result(setting)["chosen"][method])
    with pytest.raises(ValueError, match="unknown shared run 'new'"):
        shared_config("new")


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
