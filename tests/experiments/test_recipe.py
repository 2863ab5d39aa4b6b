"""The laptop scale is trained, and its upgrade worth making: what the committed search says."""

import json

import pytest

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.result_file import RESULTS

TWICE = {"train.epochs": 2 * scale("laptop").epochs}


@pytest.fixture(scope="module")
def runs() -> dict:
    result = json.loads((RESULTS / "recipe.json").read_text(encoding="utf-8"))
    return {(r["method"], json.dumps(r.get("changes", {}), sort_keys=True)): r for r in result["runs"]}


def score(runs: dict, method: str, changes: dict, part: str = "validation") -> dict:
    return runs[method, json.dumps(changes, sort_keys=True)][part]


def test_twice_the_epochs_change_little(runs: dict) -> None:
    once, twice = score(runs, "independent", {}), score(runs, "independent", TWICE)
    assert abs(twice["new_new"] - once["new_new"]) <= 3
    for method in ("bct", "rbcl-no-agents"):
        assert abs(score(runs, method, TWICE)["new_old"] - score(runs, method, {})["new_old"]) <= 2


def test_the_upgrade_is_worth_making(runs: dict) -> None:
    for part in ("validation", "test"):
        alone = score(runs, "independent", {}, part)
        assert 15 <= alone["old_old"] <= 60
        assert alone["old_old"] + 20 <= alone["new_new"] < 97


def test_the_recipe_is_the_best_that_was_tried(runs: dict) -> None:
    half = {"train.epochs": scale("laptop").epochs // 2}
    others = [
        r
        for (m, c), r in runs.items()
        if m == "independent" and json.loads(c).get("train.epochs") == half["train.epochs"]
    ]
    best = max(r["validation"]["new_new"] for r in others)
    assert score(runs, "independent", half)["new_new"] >= best - 0.5  # a tie goes to the simpler recipe
