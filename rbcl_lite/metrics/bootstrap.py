"""Bootstrap: how a mean over queries varies when other people are drawn."""

from __future__ import annotations

import numpy as np


def bootstrap(values: np.ndarray, groups: np.ndarray, draws: int = 2000, seed: int = 0) -> np.ndarray:
    """The mean of ``values`` over groups that are drawn with replacement, ``draws`` times.

    Args:
        values: [Q], one number for each query.
        groups: [Q], the person of each query; a person is drawn with all its queries.
        draws: how often.
        seed: of the draws; equal seeds draw equal people.

    Returns:
        [draws], the mean of each draw.

    Raises:
        ValueError: not one group for each value.

    >>> means = bootstrap(np.array([0.0, 0.0, 1.0]), np.array([7, 7, 8]))
    >>> sorted(set(means.round(2).tolist()))  # twice the first person, each once, twice the second
    [0.0, 0.33, 1.0]
    """
    if len(values) != len(groups):
        raise ValueError(f"{len(values)} values but {len(groups)} groups: give the person of each query")
    _, group = np.unique(groups, return_inverse=True)
    total, count = np.bincount(group, values), np.bincount(group)
    pick = np.random.default_rng(seed).integers(len(total), size=(draws, len(total)))
    return total[pick].sum(axis=1) / count[pick].sum(axis=1)
