"""Flips: which queries an upgrade breaks, and which it mends."""

from __future__ import annotations

import numpy as np

from rbcl_lite.metrics.result import RankingResult


def negative_flips(old: RankingResult, new: RankingResult, *, k: int = 1) -> float:
    """Share of valid queries that were right and are now wrong: what users notice of an upgrade
    that helps on average.

    Args:
        old: result before the upgrade.
        new: result after it, for the same queries in the same order and the same gallery images.
        k: a query is right if a right image is among its first ``k``.

    Returns:
        0..1. ``new.rank(k) == old.rank(k) + positive_flips(old, new) - negative_flips(old, new)``.

    Raises:
        ValueError: the results do not belong to the same queries, or are measured under two camera
            rules.

    >>> from rbcl_lite.metrics import evaluate_distances
    >>> old = evaluate_distances(np.array([[0.1, 0.9], [0.9, 0.1]]), [1, 2], [1, 2])
    >>> new = evaluate_distances(np.array([[0.1, 0.9], [0.1, 0.9]]), [1, 2], [1, 2])
    >>> negative_flips(old, new), positive_flips(old, new)
    (0.5, 0.0)
    """
    _check_same_queries(old, new)
    return float((old.hit(k) & ~new.hit(k)).sum() / old.valid.sum())


def positive_flips(old: RankingResult, new: RankingResult, *, k: int = 1) -> float:
    """Share of valid queries that were wrong and are now right; arguments as for
    :func:`negative_flips`.

    >>> from rbcl_lite.metrics import evaluate_distances
    >>> old = evaluate_distances(np.array([[0.1, 0.9], [0.1, 0.9]]), [1, 2], [1, 2])
    >>> new = evaluate_distances(np.array([[0.1, 0.9], [0.9, 0.1]]), [1, 2], [1, 2])
    >>> positive_flips(old, new)
    0.5
    """
    _check_same_queries(old, new)
    return float((new.hit(k) & ~old.hit(k)).sum() / old.valid.sum())


def _check_same_queries(old: RankingResult, new: RankingResult) -> None:
    if len(old.valid) != len(new.valid):
        raise ValueError(f"flips compare the same queries, got {len(old.valid)} before and {len(new.valid)} after")
    if old.camera_rule != new.camera_rule:
        raise ValueError(
            f"flips compare results under one rule, got {old.camera_rule!r} before and {new.camera_rule!r} after"
        )
    differ = np.flatnonzero(old.valid != new.valid)
    if len(differ):
        raise ValueError(
            f"{len(differ)} queries have a positive in only one of the two galleries, first query {differ[0]}; "
            "rank the same gallery images with the same cameras on both sides"
        )
