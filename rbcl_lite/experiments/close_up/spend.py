"""Curves of heads that go on until a budget of new/new is spent."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rbcl_lite.experiments.close_up.heads import sweep_heads
from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.features import Features


def spend(
    new: Features,
    old: Features,
    stored: CrossTest,
    method: str,
    *,
    first: float = 1.0,
    factor: float = 4.0,
    cost: float = 2.0,
    most: int = 6,
    **settings: Any,
) -> pd.DataFrame:
    """A sweep of heads whose weight grows until every seed has paid for what it may.

    A curve that ends before the budget would be compared at a price that it never paid.

    Args:
        new, old, stored, method: see :func:`~rbcl_lite.experiments.close_up.heads.sweep_heads`.
        first: smallest weight above 0.
        factor: from one weight to the next.
        cost: points of new/new that may be paid.
        most: weights at which the sweep gives up.
        **settings: further keyword arguments of ``sweep_heads``.

    Returns:
        what ``sweep_heads`` returns, weight 0 (the independent head) included, and ``spent``:
        whether the seed's new/new fell by ``cost`` somewhere on its curve.
    """
    if first <= 0 or factor <= 1 or most < 1:
        raise ValueError(f"weights must be positive and grow, got first {first}, factor {factor}, most {most}")
    plain = {k: v for k, v in settings.items() if k != "options"}
    curve = sweep_heads(new, old, stored, "independent", [0.0], **plain)
    start = curve.set_index("seed")["new_new"]
    for step in range(most):
        curve = pd.concat([curve, sweep_heads(new, old, stored, method, [first * factor**step], **settings)])
        spent = curve.groupby("seed")["new_new"].min() <= start - cost
        if spent.all():
            break
    return curve.assign(spent=curve["seed"].map(spent)).reset_index(drop=True)
