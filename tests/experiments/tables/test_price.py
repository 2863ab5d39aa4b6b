"""Two methods at one price, whatever their weights."""

from typing import Any

import pandas as pd
import pytest

from rbcl_lite.experiments.tables.price import affordable, at_price, paired_at_price, price_table


def test_equal_cost_on_a_curve_that_turns_back() -> None:
    """New/new may rise again with the weight: every crossing counts, and the order of the rows does not."""
    curve = pd.DataFrame(
        {"weight": [9.0, 0.0, 1.0, 3.0], "new_old": [40.0, 0.0, 10.0, 30.0], "new_new": [60.0, 60.0, 56.0, 61.0]}
    )
    assert affordable(curve, 0) == pytest.approx(40)
    assert affordable(curve[curve["weight"] < 9], 2) == pytest.approx(30)
    assert affordable(curve[curve["weight"] < 3], 2) == pytest.approx(5)
    with pytest.raises(ValueError, match="start at weight 0"):
        affordable(curve[curve["weight"] > 0], 1)
    with pytest.raises(ValueError, match="negative"):
        affordable(curve, -1)


def run(method: str, weight: float, seed: int, new_old: float, new_new: float, hardware: str = "a") -> dict[str, Any]:
    scores = {"new_old": new_old, "new_new": new_new}
    about = {"method": method, "weight": weight, "seed": seed, "seconds": 1.0, "hardware": hardware}
    return {**about, "test": scores, "validation": {k: v + 1 for k, v in scores.items()}}


RUNS = [
    run("independent", 0.0, 0, 0.0, 60.0),
    run("independent", 0.0, 1, 0.0, 70.0),
    run("bct", 1.0, 0, 20.0, 61.0),
    run("bct", 4.0, 0, 30.0, 57.0),
    run("bct", 1.0, 1, 24.0, 66.0),
    run("bct", 4.0, 1, 28.0, 62.0),
    run("nccl", 1.0, 0, 25.0, 60.0),
    run("nccl", 2.0, 0, 31.0, 56.0),
    run("l2", 1.0, 0, 10.0, 60.0),
    run("l2", 2.0, 0, 11.0, 60.0, hardware="b"),
]


def test_each_seed_pays_from_its_own_independent_model() -> None:
    found = at_price({"runs": RUNS}, "bct", 2)
    assert found.to_dict() == {
        (0, "a"): pytest.approx(27.5),
        (1, "a"): pytest.approx(12.0),
    }  # seed 1 has no weight so cheap
    assert at_price({"runs": RUNS}, "bct", 9, "validation").to_list() == [31.0, 29.0]


def test_only_seeds_with_both_curves_are_paired() -> None:
    assert paired_at_price({"runs": RUNS}, "nccl", "bct", 2).to_dict() == {0: pytest.approx(28.0 - 27.5)}


def test_several_methods_at_several_prices() -> None:
    table = price_table({"runs": RUNS}, ["bct", "nccl"], [2.0, 9.0])
    assert table.columns.tolist() == ["method", "cost", "seed", "new_old"]
    assert len(table) == 2 * (2 + 1)  # two seeds of one, one of the other
    bct = table[(table["method"] == "bct") & (table["cost"] == 9)]
    assert bct.set_index("seed")["new_old"].to_dict() == {0: 30.0, 1: 28.0}


def test_two_kinds_of_hardware_are_no_curve() -> None:
    with pytest.raises(ValueError, match="--whole-curves l2"):
        at_price({"runs": RUNS}, "l2", 2)
