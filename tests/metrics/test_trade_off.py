"""Hypervolume: equal to counting small squares."""

from __future__ import annotations

import numpy as np
import pytest

from rbcl_lite.metrics.trade_off import hypervolume


@pytest.mark.parametrize("seed", range(4))
def test_equals_counting_squares(seed: int) -> None:
    r = np.random.default_rng(seed)
    points, reference = r.integers(0, 30, (6, 2)), (int(r.integers(0, 8)), int(r.integers(0, 8)))
    squares = sum(
        any(x + 1 <= a and y + 1 <= b for a, b in points)
        for x in range(reference[0], 30)
        for y in range(reference[1], 30)
    )
    assert hypervolume(points, reference) == squares
    assert hypervolume(points[::-1], reference) == squares


def test_nothing_gained_and_a_score_that_is_none() -> None:
    assert hypervolume([], (0, 0)) == 0
    assert hypervolume([(5, 1), (1, 5)], (2, 2)) == 0
    with pytest.raises(ValueError, match="a score is not finite"):
        hypervolume([(1, float("nan"))], (0, 0))
