"""Pairs of queries and gallery images: their scores, and which of them show one person."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rbcl_lite.features import Features
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_distances


def cosines(query: Features, gallery: Features) -> np.ndarray:
    """[Q, G] float32 cosines, summed in float64 as the evaluation does.

    Raises:
        ValueError: different dimensions.
    """
    if query.dim != gallery.dim:
        raise ValueError(f"queries have {query.dim} dimensions, the gallery {gallery.dim}; use features.fit")
    return (query.vectors.double() @ gallery.vectors.double().T).float().cpu().numpy()


@dataclass(frozen=True, eq=False)
class Pairs:
    """Q queries and G gallery images, all pairs scored.

    Args:
        scores: [Q, G], large is near.
        query, gallery: who they are; the vectors play no part any more.
    """

    scores: np.ndarray
    query: Features
    gallery: Features

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.query), len(self.gallery)):
            raise ValueError(
                f"scores must be [{len(self.query)}, {len(self.gallery)}], got shape {list(self.scores.shape)}"
            )

    @staticmethod
    def of(query: Features, gallery: Features) -> Pairs:
        """The pairs with their cosines."""
        return Pairs(cosines(query, gallery), query, gallery)

    def with_scores(self, scores: np.ndarray) -> Pairs:
        """The same pairs under other scores."""
        return replace(self, scores=scores)

    def columns(self, some: np.ndarray) -> Pairs:
        """The pairs with some [G] bool of the gallery images."""
        return Pairs(self.scores[:, some], self.query, self.gallery[some])

    @property
    def strangers(self) -> np.ndarray:
        """[Q, G] bool: two people, both of them known."""
        query, gallery = self.query.ids.cpu().numpy(), self.gallery.ids.cpu().numpy()
        return (query[:, None] != gallery) & (query >= 0)[:, None] & (gallery >= 0)

    @property
    def positives(self) -> np.ndarray:
        """[Q, G] bool: one person, and neither the same camera nor the very same image."""
        query, gallery = self.query.ids.cpu().numpy(), self.gallery.ids.cpu().numpy()
        same = (query[:, None] == gallery) & (query >= 0)[:, None]
        if self.query.cams is not None and self.gallery.cams is not None:
            same &= self.query.cams.cpu().numpy()[:, None] != self.gallery.cams.cpu().numpy()
        if self.query.keys is not None and self.gallery.keys is not None:
            same &= np.asarray(self.query.keys, object)[:, None] != np.asarray(self.gallery.keys, object)
        return same

    def ranking(self) -> RankingResult:
        """The evaluation of these scores (:func:`~rbcl_lite.metrics.evaluate_distances`)."""
        q, g = self.query, self.gallery
        cams = [None if f.cams is None else f.cams.cpu().numpy() for f in (q, g)]
        keys = (q.keys, g.keys) if q.keys is not None and g.keys is not None else (None, None)
        ids = [f.ids.cpu().numpy() for f in (q, g)]
        return evaluate_distances(-self.scores, *ids, *cams, query_keys=keys[0], gallery_keys=keys[1])
