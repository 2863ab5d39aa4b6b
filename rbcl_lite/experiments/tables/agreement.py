"""Agreement: whether one upgrade's order of methods is that of another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from rbcl_lite.experiments.tables.across_settings import Results
from rbcl_lite.experiments.tables.runs import chosen_runs

FEWEST = 4
"""Methods that two orders must share to be compared."""


def order_agreement(results: Results, methods: Sequence[str], column: str = "new_old") -> pd.DataFrame:
    """Kendall's rank correlation between the orders in which upgrades put the methods.

    It is the share of pairs of methods in the same order minus the share in the opposite one
    (Kendall 1938): 1 for the same order, 0 for unrelated ones, -1 for the reverse. Each order is
    that of one seed, and only orders of different seeds are compared, within an upgrade as well as
    between two. So the diagonal says how well an order carries over to other people and other
    initial weights, and everything else is to be read against it.

    Args:
        results: upgrade to its result, at least one.
        methods: the methods to order; of these, two orders are compared on those that both hold.
        column: score that orders them, in per cent.

    Returns:
        [upgrades, upgrades], symmetric: the mean over pairs of different seeds; NaN where no two
        orders share at least four methods.

    >>> def result(scores):
    ...     runs = [
    ...         {"method": m, "weight": 1.0, "seed": s, "seconds": 1.0, "test": {"new_old": v}}
    ...         for m, v in scores.items() for s in (0, 1)
    ...     ]
    ...     return {"runs": runs, "chosen": dict.fromkeys(scores, 1.0)}
    >>> up = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    >>> order_agreement({"up": result(up), "down": result({m: -v for m, v in up.items()})}, list("abcd"))
           up  down
    up    1.0  -1.0
    down -1.0   1.0
    """
    orders = {name: _orders(chosen_runs(dict(result)), methods, column) for name, result in results.items()}
    cells = {b: [_agreement(orders[a], orders[b]) for a in orders] for b in orders}
    return pd.DataFrame(cells, index=list(orders))


def _orders(runs: pd.DataFrame, methods: Sequence[str], column: str) -> list[tuple[int, pd.Series]]:
    """Each seed, on each kind of hardware, with the scores by method that its order is made of."""
    kept = runs[runs["method"].isin(methods)]
    return [(seed, own.set_index("method")[column]) for (seed, _), own in kept.groupby(["seed", "hardware"])]


def _agreement(one: list[tuple[int, pd.Series]], other: list[tuple[int, pd.Series]]) -> float:
    """The mean over pairs of different seeds."""
    found = []
    for (seed, scores), (other_seed, other_scores) in product(one, other):
        shared = pd.concat([scores, other_scores], axis=1).dropna()
        if seed != other_seed and len(shared) >= FEWEST:
            found.append(kendalltau(*shared.T.to_numpy()).statistic)
    return float(np.mean(found)) if found else np.nan
