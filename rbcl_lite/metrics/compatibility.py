"""Compatibility: does the new model read the old gallery, and what did the upgrade gain?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from rbcl_lite.features import Features
from rbcl_lite.metrics.retrieval import evaluate_ranking

_SAME = 1e-9  # two scores that are closer than this are taken as equal


def cross_test(
    queries: Mapping[str, Features],
    galleries: Mapping[str, Features],
    *,
    metric: Literal["mAP", "rank1", "mINP"] = "mAP",
    chunk: int | None = None,
) -> pd.DataFrame:
    """Every query model against every gallery model: the table M(query model, gallery model) of
    Shen et al. 2020.

    Where the dimensions differ, the query is brought to the gallery's, because a stored gallery
    cannot be changed: ``query.fit(gallery.dim)`` keeps the query's first coordinates or appends
    zeros. That is only meaningful for models that were trained so; for unrelated models the cell is
    at chance, as it should be.

    Args:
        queries: query features by model name.
        galleries: gallery features by model name.
        metric: the score of a cell, 0..1: "mAP", "rank1" (CMC at 1) or "mINP".
        chunk: queries per step, see :func:`evaluate_ranking`.

    Returns:
        DataFrame, rows = query model, columns = gallery model.

    Raises:
        ValueError: no model on a side, an unknown metric, or a cell that cannot be ranked (the
            models are named).

    >>> import torch
    >>> old = Features(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), ids=[1, 2])
    >>> new = Features(torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]), ids=[1, 2])    # its axes are swapped
    >>> stored = {"old": Features(old.vectors + 0.1, old.ids), "new": Features(new.vectors + 0.1, new.ids)}
    >>> cross_test({"old": old, "new": new}, stored)
    gallery  old  new
    query
    old      1.0  0.5
    new      0.5  1.0
    """
    score = {"mAP": lambda r: r.mAP, "rank1": lambda r: r.rank(1), "mINP": lambda r: r.mINP}.get(metric)
    if score is None:
        raise ValueError(f"metric must be mAP, rank1 or mINP, got {metric!r}")
    if not queries or not galleries:
        raise ValueError(f"cross_test needs a model on both sides, got {list(queries)} against {list(galleries)}")
    table = pd.DataFrame(
        np.nan, index=pd.Index(list(queries), name="query"), columns=pd.Index(list(galleries), name="gallery")
    )
    for row, query in queries.items():
        for column, gallery in galleries.items():
            try:
                result = evaluate_ranking(query.fit(gallery.dim), gallery, chunk=chunk)
            except ValueError as error:
                raise ValueError(f"query model {row!r} against gallery model {column!r}: {error}") from error
            table.loc[row, column] = score(result)
    return table


def is_compatible(new_old: float, old_old: float) -> bool:
    """The empirical criterion M(new, old) > M(old, old) of Shen et al. 2020: an equal score is not
    an upgrade.

    Args:
        new_old: score of new queries against the old gallery.
        old_old: score of old queries against the old gallery.

    >>> is_compatible(0.25, 0.23), is_compatible(0.23, 0.23)
    (True, False)
    """
    _check_scores(new_old=new_old, old_old=old_old)
    return bool(new_old > old_old)


def update_gain(new_old: float, old_old: float, new_new_independent: float) -> float:
    r"""Share of the full upgrade that arrives without touching the gallery (Shen et al. 2020, eq.
    9).

    .. math:: G = \frac{M(\phi_n, \phi_o) - M(\phi_o, \phi_o)}{M(\phi_n^*, \phi_n^*) - M(\phi_o, \phi_o)}

    Negative: not compatible. 0: nothing gained. 1: as good as re-extracting the gallery with the
    independent model. It is unstable where the independent model is hardly better than the old one,
    and its sign turns over where that model is worse (a RuntimeWarning says so): look at the three
    scores then.

    Args:
        new_old: M(new, old), in 0..1 or in percent, like the others.
        old_old: M(old, old).
        new_new_independent: M(new*, new*) of the new model trained without compatibility.

    Raises:
        ValueError: the independent model scores like the old one, or a score is NaN or infinite.

    >>> round(update_gain(new_old=0.30, old_old=0.20, new_new_independent=0.40), 6)
    0.5
    """
    _check_scores(new_old=new_old, old_old=old_old, new_new_independent=new_new_independent)
    possible = new_new_independent - old_old
    if abs(possible) < _SAME:
        raise ValueError(
            f"the update gain is not defined: the independent new model scores {new_new_independent} and the old one "
            f"{old_old}, so there is no gain to take a share of; report M(new, old) itself"
        )
    if possible < 0:
        warnings.warn(
            f"the independent new model ({new_new_independent}) is worse than the old one ({old_old}): a positive "
            "update gain now means that compatibility is missed",
            RuntimeWarning,
            stacklevel=2,
        )
    return float((new_old - old_old) / possible)


class AdvScores(NamedTuple):
    """AdvBCT's scores, 0..100; 50 means "no change"."""

    up: float
    comp: float
    p1: float


def adv_scores(
    new_new: float | Sequence[float],
    new_old: float | Sequence[float],
    old_old: float | Sequence[float],
    new_new_independent: float | Sequence[float],
) -> AdvScores:
    r"""Upgrade and compatibility on one scale (Pan et al. 2023, AdvBCT), averaged over N test sets.

    .. math:: p_{up} = \sigma\Big(\frac{M(n,n) - M(*,*)}{M(*,*)}\Big), \quad
              p_{comp} = \sigma\Big(\frac{M(n,o) - M(o,o)}{M(*,*) - M(o,o)}\Big) = \sigma(G)

    ``up`` and ``comp`` are the means over the test sets, ``p1`` is the mean of the harmonic means
    :math:`2 p_{up} p_{comp} / (p_{up} + p_{comp})`; all times 100.

    Args:
        new_new: M(new, new) of the compatible model, one number or one for each test set.
        new_old: M(new, old).
        old_old: M(old, old).
        new_new_independent: M(new*, new*) of the independent model, above 0.

    Raises:
        ValueError: lists of unequal length, an independent score of 0, or an undefined
            :func:`update_gain`.

    >>> scores = adv_scores(new_new=0.40, new_old=0.30, old_old=0.20, new_new_independent=0.40)
    >>> [round(s, 2) for s in scores]
    [50.0, 62.25, 55.45]
    """
    columns = [np.atleast_1d(np.asarray(m, dtype=float)) for m in (new_new, new_old, old_old, new_new_independent)]
    if len({c.shape for c in columns}) > 1 or columns[0].ndim > 1:
        raise ValueError(f"give every score for the same test sets, got lengths {[c.size for c in columns]}")
    up, comp = [], []
    for own, cross, old, best in zip(*(c.tolist() for c in columns)):
        if abs(best) < _SAME:
            raise ValueError("the independent model scores 0, so the change against it has no scale")
        up.append(100 * expit((own - best) / best))
        comp.append(100 * expit(update_gain(cross, old, best)))
    p1 = [2 * u * c / (u + c) for u, c in zip(up, comp)]
    return AdvScores(float(np.mean(up)), float(np.mean(comp)), float(np.mean(p1)))


def _check_scores(**scores: float) -> None:
    for name, value in scores.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} must be a finite score, got {value}")
