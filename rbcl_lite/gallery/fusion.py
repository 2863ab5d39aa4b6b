"""Fusion for the mixed time: scores against vectors of two versions, brought to one measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

Normaliser = Callable[[np.ndarray], np.ndarray]
"""From scores to scores that can be compared with those of another version."""

_LEVELS = 201  # quantiles that are kept: enough for a smooth curve, few enough that each is well measured


def unchanged(scores: np.ndarray) -> np.ndarray:
    """The scores as they are: the fusion that everybody has who does nothing."""
    return scores


def z_norm(strangers: np.ndarray) -> Normaliser:
    r"""Scores in standard deviations above the mean score of strangers.

    .. math:: \hat s = (s - \mu) / \sigma

    An order among vectors of one version never changes, only where those of another one come in
    between.

    Args:
        strangers: scores of stranger pairs of this version, of validation people.

    Raises:
        ValueError: fewer than two different scores.

    >>> z_norm(np.array([0.0, 0.2]))(np.array([0.3])).round(6).tolist()
    [2.0]
    """
    mean, spread = _moments(strangers)
    return lambda scores: (scores - mean) / spread


def quantile_norm(strangers: np.ndarray) -> Normaliser:
    """Scores as normal quantiles of their rank among strangers; beyond the last one, in standard
    deviations as :func:`z_norm` counts them.

    Where z-norm asks for the mean and the width of the strangers' scores alone, this asks for the
    whole shape.

    Args:
        strangers: scores of stranger pairs of this version, of validation people.

    Raises:
        ValueError: fewer than two different scores.

    >>> norm = quantile_norm(np.linspace(-0.5, 0.5, 1001))
    >>> [round(float(norm(np.array(s))), 2) for s in (0.0, 0.475, 0.9)]      # median, 97.5 %, beyond all
    [0.0, 1.96, 4.48]
    """
    spread = _moments(strangers)[1]
    tail = max(1e-4, 1 / len(np.ravel(strangers)))
    end = float(stats.norm.isf(tail))
    normal = np.linspace(-end, end, _LEVELS)
    at, first = np.unique(
        np.quantile(np.ravel(strangers).astype(np.float64), stats.norm.cdf(normal)), return_index=True
    )
    value = normal[first]

    def normalise(scores: np.ndarray) -> np.ndarray:
        inside = np.interp(scores, at, value)
        beyond = np.minimum(scores - at[0], 0) + np.maximum(scores - at[-1], 0)
        return inside + beyond / spread

    return normalise


def fuse(
    scores: Mapping[str, np.ndarray], versions: np.ndarray, normalise: Mapping[str, Normaliser] | None = None
) -> np.ndarray:
    """Scores against a gallery in which each vector has the version that it has.

    Args:
        scores: version to [Q, G] scores, as if every gallery vector were of that version. The
            queries may be of one model for all versions, or of each version's own model.
        versions: [G] which version made each vector.
        normalise: version to what brings its scores to the common measure; nothing by default.

    Returns:
        [Q, G].

    Raises:
        ValueError: a vector of a version that has no scores.

    >>> scores = {"old": np.array([[0.1, 0.2]]), "new": np.array([[0.5, 0.6]])}
    >>> fuse(scores, np.array(["new", "old"])).tolist()
    [[0.5, 0.2]]
    """
    versions = np.asarray(versions)
    unknown = sorted(set(versions.tolist()) - set(scores))
    if unknown:
        raise ValueError(f"no scores for vectors of version {unknown[0]!r}; there are {', '.join(scores)}")
    out: np.ndarray | None = None
    for version, matrix in scores.items():
        columns = versions == version
        values = (normalise or {}).get(version, unchanged)(matrix[:, columns])
        out = np.empty(matrix.shape, np.result_type(values, np.float32)) if out is None else out
        out[:, columns] = values
    assert out is not None
    return out


def _moments(strangers: np.ndarray) -> tuple[float, float]:
    values = np.ravel(strangers).astype(np.float64)
    if len(values) < 2 or not values.std() > 0:
        raise ValueError(f"{len(values)} scores of strangers, all alike: nothing can be normalised by them")
    return float(values.mean()), float(values.std())
