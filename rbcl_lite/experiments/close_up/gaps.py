"""Gaps between positives and the hardest stranger, and the pairs that a ranking loss no longer hears."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rbcl_lite.features import Features
from rbcl_lite.losses.ranking import saturation
from rbcl_lite.losses.reactivation import Reactivation
from rbcl_lite.losses.similarity_gradient import ACTIVE


def pair_gaps(query: Features, gallery: Features) -> Tensor:
    """For each (query, positive) pair the cosine of the positive minus that of the hardest stranger.

    Args:
        query: Q queries with cameras.
        gallery: G images with cameras. The camera rule leaves same-camera pairs out.

    Returns:
        [pairs], above zero where the pair is ranked correctly.

    >>> gallery = Features(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), ids=[1, 1, 2], cams=[0, 1, 1])
    >>> pair_gaps(Features(torch.tensor([[1.0, 0.0]]), ids=[1], cams=[0]), gallery)
    tensor([0.6000])
    """
    cosine = query.vectors @ gallery.vectors.T
    same = query.ids[:, None] == gallery.ids
    hardest = cosine.masked_fill(same, -torch.inf).amax(1, keepdim=True)
    return (cosine - hardest)[same & ~same_camera(query, gallery)]


def same_camera(query: Features, gallery: Features) -> Tensor:
    """Bool [Q, G], whether two images are of one camera.

    Raises:
        ValueError: cameras that are not known.

    >>> x = Features(torch.eye(2), ids=[0, 0], cams=[3, 4])
    >>> same_camera(x, x).int().tolist()
    [[1, 0], [0, 1]]
    """
    if query.cams is None or gallery.cams is None:
        raise ValueError("the camera rule needs cameras")
    return query.cams[:, None] == gallery.cams


def gap_sides(panels: Mapping[str, Mapping[str, np.ndarray]], *, temperature: float = 0.01) -> pd.DataFrame:
    """Which side of the region with a slope the gaps lie on, in per cent of the pairs.

    Args:
        panels: title to (model to gaps), as :func:`rbcl_lite.plots.gradients.gap_histogram` draws
            them.
        temperature: tau of the loss.

    Returns:
        one row per title and model; the three columns add up to 100.

    >>> gap_sides({"batch": {"plain": np.array([0.2, 0.0, -0.2, -0.3])}}).iloc[0].tolist()
    [25.0, 25.0, 50.0]
    """
    edge = ACTIVE * temperature
    rows = {
        (title, model): {
            "dead, decided well": 100 * np.mean(gaps > edge),
            "inside the band": 100 * np.mean(np.abs(gaps) <= edge),
            "hardest negative far ahead": 100 * np.mean(gaps < -edge),
        }
        for title, models in panels.items()
        for model, gaps in models.items()
    }
    return pd.DataFrame(rows).T.rename_axis(["pairs in %", "model"])


def dead_share(
    new: Features,
    old: Features,
    batches: Iterable[Tensor],
    *,
    temperature: float = 0.01,
    reactivations: Sequence[Reactivation | None] = (None,),
) -> list[float]:
    """Share of dead (query, positive) pairs in batches, in per cent.

    Args:
        new: N new vectors, the queries.
        old: the old vectors of the same images, the references.
        batches: rows of each batch.
        temperature: tau.
        reactivations: constants to measure with; None is the plain loss.

    Returns:
        one mean over the batches for each of ``reactivations``.
    """
    shares = []
    for rows in batches:
        q, r = new[rows], old[rows]
        ignore = (q.ids[:, None] == r.ids) & same_camera(q, r)
        sides = q.vectors, r.vectors, q.ids, r.ids
        measured = [saturation(*sides, temperature=temperature, ignore=ignore, reactivation=x) for x in reactivations]
        shares.append(measured)
    return (100 * np.mean(shares, axis=0)).tolist()
