"""Exact search: every allowed vector is compared, in blocks."""

from __future__ import annotations

import numpy as np

_BLOCK = 2**16  # vectors that are compared together: 64 MB of 256 coordinates
_SPARSE = 0.25  # below this share of allowed vectors, gathering them is cheaper than comparing all


def exact_search(
    queries: np.ndarray, vectors: np.ndarray, k: int, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k largest inner products of each query.

    Args:
        queries: [Q, D] float32.
        vectors: [N, D] float32.
        k: how many.
        allowed: [N] bool of the vectors that may be found, or None for all.

    Returns:
        places [Q, K] int64 and products [Q, K] float32, in no particular order; K = k, or N where
        that is less. A place that is left over is -1 with product -inf.

    >>> places, products = exact_search(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 1)
    >>> places.tolist(), products.tolist()
    ([[0], [1]], [[1.0], [1.0]])
    """
    count = min(k, len(vectors))
    places, products = np.full((len(queries), count), -1), np.full((len(queries), count), -np.inf, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block, mask = vectors[start : start + _BLOCK], None if allowed is None else allowed[start : start + _BLOCK]
        at: np.ndarray | None = None
        if mask is not None:
            some = int(np.count_nonzero(mask))
            if some == 0:
                continue
            if some < _SPARSE * len(mask):
                at, mask = np.flatnonzero(mask), None
                block = block[at]
        scores = queries @ block.T
        if mask is not None:
            scores[:, ~mask] = -np.inf
        best = _largest(scores, count)
        values = np.take_along_axis(scores, best, 1)
        found = start + (best if at is None else at[best])
        places = np.concatenate([places, np.where(np.isfinite(values), found, -1)], axis=1)
        products = np.concatenate([products, values], axis=1)
        best = _largest(products, count)
        places, products = np.take_along_axis(places, best, 1), np.take_along_axis(products, best, 1)
    return places, products


def _largest(scores: np.ndarray, k: int) -> np.ndarray:
    """[Q, K] positions of the k largest of each row, in no particular order."""
    if k >= scores.shape[1]:
        return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    return np.argpartition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k :]
