"""Interval: how far a mean of few numbers may lie from what it estimates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import stats


def reach(differences: Iterable[float]) -> float:
    """Half the width of the 95 % interval of the mean (Student's t), in the unit of the differences.

    Args:
        differences: at least two.

    Raises:
        ValueError: fewer than two, which have no interval.

    >>> round(reach([2.0, 1.0, 3.0, 2.0, 2.0]), 2), reach([2.0, 2.0])
    (0.88, 0.0)
    """
    gap = np.asarray(list(differences), dtype=float)
    if len(gap) < 2:
        raise ValueError(f"an interval takes at least two differences, got {len(gap)}")
    return float(stats.t.ppf(0.975, len(gap) - 1) * stats.sem(gap))
