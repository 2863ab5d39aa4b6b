"""Choice of a weight, on validation people alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MAX_LOSS = 2.0
"""Points of validation new/new that a weight may cost."""


def choose_weight(records: Iterable[dict[str, Any]], independent: dict[str, Any]) -> float:
    """The rule of this book: the best validation new/old that costs at most 2 points of validation new/new.

    Args:
        records: the runs of one method on one seed.
        independent: the independent run on the same seed.

    Returns:
        the weight; where every weight costs more than 2 points, the one that costs least.

    >>> r = lambda w, no, nn: {"weight": w, "validation": {"new_old": no, "new_new": nn}}
    >>> choose_weight([r(1, 30, 80), r(4, 35, 79), r(16, 36, 60)], r(0, 1, 80.5))
    4
    """
    records = list(records)
    floor = independent["validation"]["new_new"] - MAX_LOSS
    fair = [r for r in records if r["validation"]["new_new"] >= floor]
    if fair:
        return max(fair, key=lambda r: r["validation"]["new_old"])["weight"]
    return max(records, key=lambda r: r["validation"]["new_new"])["weight"]
