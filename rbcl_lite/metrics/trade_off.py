"""Trade-off of two scores: what a curve of them covers beyond a point."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def hypervolume(points: Iterable[tuple[float, float]], reference: tuple[float, float]) -> float:
    """Area that a set of points dominates above a reference point (Zitzler and Thiele 1999), in two
    dimensions.

    A method whose strength can be turned gives a curve of new/old against new/new, and one number
    of the curve would hide the rest: this one counts all of it. With the score of the old system as
    the reference it is zero where nothing is gained, and grows with either score.

    Args:
        points: pairs of scores, higher is better in both.
        reference: the pair from which on something is gained.

    Returns:
        the area, in the product of both units; 0 without a point above the reference in both.

    Raises:
        ValueError: a score that is not finite.

    >>> hypervolume([(3.0, 1.0), (2.0, 2.0), (1.0, 1.0)], reference=(0.0, 0.0))
    5.0
    >>> hypervolume([(3.0, -1.0)], reference=(0.0, 0.0))
    0.0
    """
    above = np.asarray([*points], dtype=float).reshape(-1, 2) - np.asarray(reference, dtype=float)
    if not np.isfinite(above).all():
        raise ValueError(f"a score is not finite: {above.tolist()} above {reference}")
    area, height = 0.0, 0.0
    for x, y in sorted(above[(above > 0).all(1)].tolist(), reverse=True):  # from the right, each adds what is higher
        area += x * max(0.0, y - height)
        height = max(height, y)
    return area
