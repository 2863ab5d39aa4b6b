"""Carried weights: the difference to the own weight, on the swept seed, where it was trained."""

from __future__ import annotations

from typing import Any

import pytest

from rbcl_lite.experiments.tables.carried import carried_weights


def run(method: str, weight: float, new_old: float, new_new: float, seed: int = 0) -> dict[str, Any]:
    scores = {"new_old": new_old, "new_new": new_new}
    half = {name: value / 2 for name, value in scores.items()}
    return {"method": method, "weight": weight, "seed": seed, "seconds": 1.0, "test": scores, "validation": half}


SOURCE = {"runs": [run("bct", 4.0, 50.0, 90.0), run("l2", 8.0, 30.0, 90.0)], "chosen": {"bct": 4.0, "l2": 8.0}}
TARGET = {
    "runs": [
        run("bct", 1.0, 20.0, 80.0),
        run("bct", 4.0, 22.0, 74.0),
        run("bct", 1.0, 60.0, 20.0, seed=1),  # another seed, at the chosen weight alone
        run("l2", 1.0, 15.0, 80.0),
    ],
    "chosen": {"bct": 1.0, "l2": 1.0},
}


def test_what_the_carried_weight_gains_and_costs() -> None:
    (row,) = carried_weights({"source": SOURCE, "target": TARGET}, "source").to_dict("records")
    assert row == {"method": "bct", "upgrade": "target", "weight": 4.0, "own": 1.0, "new_old": 2.0, "new_new": -6.0}
    (row,) = carried_weights({"source": SOURCE, "target": TARGET}, "source", "validation").to_dict("records")
    assert (row["new_old"], row["new_new"]) == (1.0, -3.0)


def test_nothing_to_carry_is_an_empty_table_and_no_source_an_error() -> None:
    table = carried_weights({"source": SOURCE}, "source")
    assert table.empty and list(table.columns) == ["method", "upgrade", "weight", "own", "new_old", "new_new"]
    with pytest.raises(ValueError, match="no result of 'other'; there are source"):
        carried_weights({"source": SOURCE}, "other")
