"""Price: what a method finds in the old gallery for a given number of points of new/new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rbcl_lite.experiments.tables.runs import runs_table


def affordable(curve: pd.DataFrame, cost: float) -> float:
    """The highest new/old on a curve over weights for at most ``cost`` points of new/new.

    Neighbouring weights are joined by straight lines. So two methods are compared at equal cost,
    wherever their weights happen to lie.

    Args:
        curve: rows with ``weight``, ``new_old`` and ``new_new``; the smallest weight is 0, the model
            that pays nothing.
        cost: points of new/new below those of weight 0, at least 0.

    Raises:
        ValueError: a curve without weight 0, or a negative cost.

    >>> curve = pd.DataFrame({"weight": [0, 1, 4], "new_old": [2.0, 22.0, 30.0], "new_new": [60.0, 59.0, 55.0]})
    >>> affordable(curve, 0.5), affordable(curve, 2), affordable(curve, 9)
    (12.0, 24.0, 30.0)
    """
    points = curve.sort_values("weight")
    if cost < 0 or points["weight"].iloc[0] != 0:
        raise ValueError(f"the curve must start at weight 0 and cost must not be negative, got {cost}")
    gain, paid = points["new_old"].to_numpy(), points["new_new"].iloc[0] - points["new_new"].to_numpy()
    best = [g for g, p in zip(gain, paid) if p <= cost]
    for i in np.flatnonzero((paid[:-1] <= cost) != (paid[1:] <= cost)):  # where a line crosses the limit
        share = (cost - paid[i]) / (paid[i + 1] - paid[i])
        best.append(gain[i] + share * (gain[i + 1] - gain[i]))
    return float(max(best))


def at_price(result: dict[str, Any], method: str, cost: float, part: str = "test") -> pd.Series:
    """:func:`affordable` of a method, on each seed on which several of its weights were trained.

    Every curve begins at the independent model of its seed, the weight 0, which costs nothing. A
    method without a weight as cheap as ``cost`` is read off the line to that model, and so too low.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
        method: name of a method in it.
        cost: points of new/new below the independent model's.
        part: test or validation.

    Returns:
        new/old in per cent by seed and hardware, where at least two weights were trained.

    Raises:
        ValueError: no seed with two weights.

    >>> def run(m, w, s, no, nn):
    ...     return {"method": m, "weight": w, "seed": s, "seconds": 1.0, "test": {"new_old": no, "new_new": nn}}
    >>> runs = [run("independent", 0.0, s, 1.0, 60.0) for s in (0, 1)]
    >>> runs += [run("bct", 1.0, 0, 20.0, 59.0), run("bct", 4.0, 0, 30.0, 57.0), run("bct", 1.0, 1, 22.0, 59.0)]
    >>> at_price({"runs": runs}, "bct", 2).to_dict()
    {(0, 'unknown'): 25.0}
    """
    table = runs_table(result, part)
    found = {}
    for where, here in table.groupby(["seed", "hardware"]):
        own, free = here[here["method"] == method], here[here["method"] == "independent"]
        if own["weight"].nunique() > 1 and len(free):
            found[where] = affordable(pd.concat([free, own]), cost)
    if not found:
        raise ValueError(f"{method!r} has no seed with two weights here: sweep it with --whole-curves {method}")
    return pd.Series(found).rename_axis(["seed", "hardware"])


def paired_at_price(result: dict[str, Any], method: str, other: str, cost: float, part: str = "test") -> pd.Series:
    """What two methods differ by at one price, seed by seed.

    Args:
        result, cost, part: see :func:`at_price`.
        method: name of a method in it.
        other: the one whose new/old is subtracted.

    Returns:
        points, one for each seed on which both have a curve, on one kind of hardware.
    """
    gap = at_price(result, method, cost, part) - at_price(result, other, cost, part)
    return gap.dropna().droplevel("hardware")


def price_table(
    result: dict[str, Any], methods: Sequence[str], costs: Sequence[float], part: str = "test"
) -> pd.DataFrame:
    """:func:`at_price` of several methods at several prices.

    Args:
        result, part: see :func:`at_price`.
        methods: names of methods in it.
        costs: points of new/new below the independent model's.

    Returns:
        one row for each method, cost and seed: ``method``, ``cost``, ``seed``, ``new_old``.
    """
    bought = {(m, c): at_price(result, m, c, part).droplevel("hardware") for m in methods for c in costs}
    return pd.concat(bought, names=["method", "cost"]).rename("new_old").reset_index()
