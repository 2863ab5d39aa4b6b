"""Choice of a weight, on validation people alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

MAX_LOSS = 2.0
"""Points of validation new/new that a weight may cost."""


def choose_weight(records: Iterable[dict[str, Any]], independent: dict[str, Any], most: float = MAX_LOSS) -> float:
    """The rule of this book: the best validation new/old that costs at most 2 points of validation
    new/new.

    Args:
        records: the runs of one method on one seed.
        independent: the independent run on the same seed.
        most: points of new/new that a weight may cost, where another rule is wanted.

    Returns:
        the weight; where every weight costs more than that, the one that costs least.

    >>> r = lambda w, no, nn: {"weight": w, "validation": {"new_old": no, "new_new": nn}}
    >>> choose_weight([r(1, 30, 80), r(4, 35, 79), r(16, 36, 60)], r(0, 1, 80.5))
    4
    >>> choose_weight([r(1, 30, 80), r(4, 35, 79), r(16, 36, 60)], r(0, 1, 80.5), most=0.5)
    1
    """
    records = list(records)
    floor = independent["validation"]["new_new"] - most
    fair = [r for r in records if r["validation"]["new_new"] >= floor]
    if fair:
        return max(fair, key=lambda r: r["validation"]["new_old"])["weight"]
    return max(records, key=lambda r: r["validation"]["new_new"])["weight"]


def next_weight(weights: Sequence[float], chosen: float, limit: float | None = None) -> float | None:
    """The weight to try next where the choice has fallen on an end of the list; None where it has
    not.

    Args:
        weights: those that were tried.
        chosen: the one that the rule chose.
        limit: the largest weight that the method takes, or None.

    >>> next_weight([1, 2, 4], 4), next_weight([1, 2, 4], 1), next_weight([1, 2, 4], 2)
    (8.0, 0.5, None)
    >>> next_weight([0.3, 0.5, 0.9], 0.9, limit=1.0) is None
    True
    """
    low, high = min(weights), max(weights)
    if low < chosen < high:
        return None
    wanted = chosen * 2.0 if chosen == high else chosen / 2.0
    return None if limit is not None and wanted > limit else wanted
