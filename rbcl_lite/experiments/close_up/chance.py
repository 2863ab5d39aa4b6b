"""Chance: what a search scores that knows nothing."""

from __future__ import annotations

import numpy as np

from rbcl_lite.features import Features


def chance_ap(positives: int, gallery: int) -> float:
    """The expected AP of a random order.

    Position k holds a positive with probability P / n; given that, each of the k − 1 places before it
    holds one with probability (P − 1) / (n − 1).

    Args:
        positives: P, images of the query's person in the gallery.
        gallery: n, images in the gallery.

    Raises:
        ValueError: no positive, or more than there are images.

    >>> chance_ap(1, 2)  # half the time AP is 1, half the time one half
    0.75
    """
    if not 1 <= positives <= gallery:
        raise ValueError(f"{positives} positives in a gallery of {gallery}: give at least 1 and at most all")
    harmonic = float((1 / np.arange(1, gallery + 1)).sum())
    share = (positives - 1) / max(1, gallery - 1)
    return (harmonic + share * (gallery - harmonic)) / gallery


def chance_map(query: Features, gallery: Features) -> float:
    """The same, averaged over real queries, with the camera rule applied to each.

    Args:
        query: Q vectors; only their ids and cameras count.
        gallery: the vectors that are searched; likewise.

    Returns:
        the mean over the queries that have a positive; NaN where none has.

    >>> import torch
    >>> two = Features(torch.eye(2), ids=[1, 2], cams=[0, 0])
    >>> chance_map(Features(torch.eye(2)[:1], ids=[1], cams=[1]), two)
    0.75
    """
    same = query.ids[:, None] == gallery.ids
    junk = same & False
    if query.cams is not None and gallery.cams is not None:
        junk = same & (query.cams[:, None] == gallery.cams)
    counts = zip((same & ~junk).sum(1).tolist(), (~junk).sum(1).tolist())
    levels = [chance_ap(positives, size) for positives, size in counts if positives]
    return float(np.mean(levels)) if levels else float("nan")
