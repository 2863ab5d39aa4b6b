"""Orders of methods against each other: rank correlation by counting pairs, different seeds only."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rbcl_lite.experiments.tables.agreement import order_agreement
from rbcl_lite.plots.agreement import agreement_heatmap

METHODS = ["a", "b", "c", "d", "e"]


def result(scores: np.ndarray, hardware: str = "one", methods: list[str] = METHODS) -> dict[str, Any]:
    """[methods, seeds] of new/old as a result."""
    runs = [
        {"method": m, "weight": 1.0, "seed": s, "seconds": 1.0, "hardware": hardware, "test": {"new_old": v}}
        for m, row in zip(methods, scores.tolist())
        for s, v in enumerate(row)
    ]
    return {"runs": runs, "chosen": dict.fromkeys(methods, 1.0)}


def tau(one: np.ndarray, other: np.ndarray) -> float:
    pairs = list(combinations(range(len(one)), 2))
    return sum(np.sign(one[i] - one[j]) * np.sign(other[i] - other[j]) for i, j in pairs) / len(pairs)


def test_the_mean_over_pairs_of_different_seeds() -> None:
    draw = np.random.default_rng(0)
    scores = {name: draw.normal(size=(5, 3)) for name in ("x", "y")}
    table = order_agreement({name: result(s) for name, s in scores.items()}, METHODS)
    different = [(i, j) for i in range(3) for j in range(3) if i != j]
    for one in scores:
        for other in scores:
            expected = np.mean([tau(scores[one][:, i], scores[other][:, j]) for i, j in different])
            assert np.isclose(table.loc[one, other], expected)
    assert np.allclose(table, table.T)


def test_methods_that_both_hold_and_no_others() -> None:
    draw = np.random.default_rng(1)
    whole, part = draw.normal(size=(5, 2)), draw.normal(size=(4, 2))
    table = order_agreement({"whole": result(whole), "part": result(part, "another", METHODS[1:])}, METHODS)
    expected = np.mean([tau(whole[1:, 0], part[:, 1]), tau(whole[1:, 1], part[:, 0])])
    assert np.isclose(table.loc["whole", "part"], expected)
    few = order_agreement({"whole": result(whole)}, METHODS[:3])
    assert few.isna().all(axis=None)  # three methods have no order worth a number


def test_the_independent_model_is_ordered_only_where_asked() -> None:
    data = result(np.arange(10.0).reshape(5, 2))
    data["runs"].append({**data["runs"][0], "method": "independent", "weight": 0.0, "test": {"new_old": -5.0}})
    assert order_agreement({"x": data}, METHODS).loc["x", "x"] == pytest.approx(1)


@pytest.fixture
def drawn() -> Any:
    yield
    plt.close("all")


def test_the_heat_map_says_every_number(drawn: Any) -> None:
    scores = np.arange(10.0).reshape(5, 2)
    table = order_agreement({"up": result(scores), "down": result(-scores)}, METHODS)
    table.loc["up", "down"] = -0.04  # rounds to zero, without a minus
    (ax,) = agreement_heatmap(table).axes
    assert [t.get_text() for t in ax.texts] == ["1.0", "0.0", "-1.0", "1.0"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["up", "down"]
