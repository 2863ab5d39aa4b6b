"""Table of a setting: its numbers are those of the definitions, seed by seed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rbcl_lite.commands.cli import main
from rbcl_lite.experiments.tables.setting import setting_table
from rbcl_lite.metrics.compatibility import adv_scores, update_gain

SEEDS = range(5)


def record(method: str, weight: float, seed: int, new_old: float, new_new: float) -> dict[str, Any]:
    """A record in which everything depends a little on the seed."""
    scores = {
        "old_old": 30.0 + seed,
        "new_old": new_old + seed,
        "new_new": new_new + seed,
        "flips": 5.0 + weight + seed,
    }
    return {
        "method": method, "weight": weight, "seed": seed, "seconds": 10.0 * weight, "test": scores, "validation": scores
    }  # fmt: skip


@pytest.fixture
def result() -> dict[str, Any]:
    """Five seeds at chosen weights; bct leads, l2 fails the criterion; two weights of bct on the first seed."""
    runs = [
        record(m, w, seed, *scores)
        for seed in SEEDS
        for m, w, scores in (
            ("independent", 0.0, (1.0, 90.0)),
            ("rotation", 0.0, (35.0, 90.0)),
            ("bct", 2.0, (50.0, 89.0)),
            ("l2", 1.0, (29.0, 80.0)),
        )
    ]
    runs += [record("bct", 4.0, 0, 52.0, 80.0)]
    runs[1]["test"] = {**runs[1]["test"], "new_old": 35.5}
    return {"setting": "stronger-and-more", "chosen": {"bct": 2.0, "l2": 1.0}, "runs": runs}


def test_every_column(result: dict[str, Any]) -> None:
    table = setting_table(result)
    assert list(table.index) == ["bct", "rotation", "l2", "independent"]
    bct, l2 = table.loc["bct"], table.loc["l2"]
    assert (bct["weight"], bct["seeds"], bct["new/old"], bct["old/old"]) == (2.0, 5, 52.0, 32.0)
    assert (bct["price"], bct["compatible"], l2["compatible"]) == (pytest.approx(1.0), 5, 0)
    gains = [update_gain(50 + s, 30 + s, 90 + s) for s in SEEDS]
    assert bct["gain"] == pytest.approx(sum(gains) / 5)
    adv = [adv_scores(89 + s, 50 + s, 30 + s, 90 + s) for s in SEEDS]
    assert bct["up"] == pytest.approx(sum(s.up for s in adv) / 5)
    assert bct["comp"] == pytest.approx(sum(s.comp for s in adv) / 5)
    assert bct["flips"] == 9.0 and bct["seconds"] == 20.0
    assert bct["area"] == pytest.approx((20 * 59 + 2 * 50) / 1000)  # (50, 89) and (52, 80) above (30, 30)
    assert l2["area"] == 0 and math.isnan(table.loc["rotation", "area"])
    assert bct["against rotation"] == "higher" and l2["against bct"] == "lower" and bct["against bct"] == "–"


def test_fewer_than_five_seeds_separate_nothing(result: dict[str, Any]) -> None:
    result["runs"] = [r for r in result["runs"] if r["seed"] < 4]
    assert set(setting_table(result)["against rotation"]) == {"not separated", "–"}


def test_the_command_prints_what_is_there(
    result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stronger-and-more.json").write_text(json.dumps(result))
    main(["experiment", "table", "stronger-and-more", "more-identities", "--folder", str(tmp_path)])
    out = capsys.readouterr().out
    assert "against rotation" in out and "52.0" in out
    assert "more-identities: no result more-identities.json; make it with: rbcl-lite experiment sweep" in out
    main(["experiment", "table", "stronger-and-more", "--csv", "--folder", str(tmp_path)])
    assert "bct,2.00,5,32.00,52.00" in capsys.readouterr().out
