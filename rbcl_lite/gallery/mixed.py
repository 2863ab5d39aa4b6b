"""Mixed gallery: what new queries find while a part of the vectors is still of the old model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rbcl_lite.features import Features
from rbcl_lite.gallery.fusion import Normaliser, fuse
from rbcl_lite.gallery.pairs import Pairs, cosines
from rbcl_lite.gallery.records import Hits
from rbcl_lite.metrics.result import RankingResult

OLD, NEW = "old", "new"
"""The two versions of an upgrade."""


@dataclass(frozen=True, eq=False)
class MixedGallery:
    """One upgrade as a backfill meets it: queries and gallery images with the vectors of both
    models, all pairs scored once.

    Args:
        old_query, old_gallery: vectors of the old model.
        new_query, new_gallery: vectors of the new model, of the same images row by row.

    Raises:
        ValueError: other images on one side than on the other.
    """

    old_query: Features
    old_gallery: Features
    new_query: Features
    new_gallery: Features

    def __post_init__(self) -> None:
        for a, b in ((self.old_query, self.new_query), (self.old_gallery, self.new_gallery)):
            if a.ids.tolist() != b.ids.tolist() or a.keys != b.keys:
                raise ValueError("old and new vectors must show the same images row by row; use new.align(old)")

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """[Q, G] cosines of new queries with old vectors (``old``) and with new ones (``new``)."""
        return {
            OLD: cosines(self.new_query.fit(self.old_gallery.dim), self.old_gallery),
            NEW: cosines(self.new_query, self.new_gallery),
        }

    @cached_property
    def own_scores(self) -> dict[str, np.ndarray]:
        """The same, where each vector is asked by a query of its own model: both models run."""
        return {OLD: cosines(self.old_query, self.old_gallery), NEW: self.scores[NEW]}

    def pairs(self, scores: np.ndarray) -> Pairs:
        """Queries and gallery with these scores [Q, G]."""
        return Pairs(scores, self.new_query, self.new_gallery)

    def versions(self, done: np.ndarray) -> np.ndarray:
        """[G] the version of each vector where those that are ``done`` [G] bool are new."""
        return np.where(done, NEW, OLD)

    def mixed(self, done: np.ndarray, normalise: Mapping[str, Normaliser] | None = None, *, own: bool = False) -> Pairs:
        """The pairs while a part is done.

        Args:
            done: [G] bool, the vectors that are new already.
            normalise: see :func:`~rbcl_lite.gallery.fusion.fuse`.
            own: ask old vectors by the old model's query.
        """
        return self.pairs(fuse(self.own_scores if own else self.scores, self.versions(done), normalise))

    def log(self, scores: np.ndarray, k: int = 10, queries: np.ndarray | None = None) -> Hits:
        """What searches with these scores find, as a gallery would log it: exact, camera rule kept.

        Args:
            scores: [Q, G].
            k: hits of each search.
            queries: positions of the queries that were asked; all by default.
        """
        at = np.arange(len(scores)) if queries is None else queries
        q, g = self.new_query, self.new_gallery
        ids, cams, keys = g.ids.numpy(), None if g.cams is None else g.cams.numpy(), np.asarray(g.keys, object)
        same = q.ids.numpy()[at, None] == ids
        same &= True if cams is None or q.cams is None else q.cams.numpy()[at, None] == cams
        values = np.where(same, -np.inf, scores[at])
        k = min(k, values.shape[1])
        best = np.argsort(-values, axis=1, kind="stable")[:, :k]
        found = np.take_along_axis(values, best, 1)
        there = np.isfinite(found)
        nobody = np.full(best.shape, -1)
        return Hits(
            np.where(there, keys[best], ""),
            found,
            np.where(there, ids[best], -1),
            nobody if cams is None else np.where(there, cams[best], -1),
            np.full(best.shape, np.nan),
            np.full(best.shape, "", object),
        )


def done_after(keys: Sequence[str], order: Sequence[str], share: float) -> np.ndarray:
    """[G] bool: the images whose vectors are new when a share of an order is done.

    Args:
        keys: G images in the order of the gallery.
        order: the same in the order of the backfill.
        share: 0 to 1, rounded to whole images.

    Raises:
        ValueError: a share outside [0, 1], or an order of other images.

    >>> done_after(["a", "b", "c"], ["c", "a", "b"], 0.5).tolist()
    [True, False, True]
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    if len(order) != len(keys) or set(order) != set(keys):
        raise ValueError(f"the order names {len(order)} images, the gallery has {len(keys)}; they must be the same")
    first = set(order[: round(share * len(order))])
    return np.fromiter((k in first for k in keys), bool, len(keys))


def new_among_first(gallery: MixedGallery, done: np.ndarray, k: int = 10) -> float:
    """Share of new vectors among the first ``k`` hits; where it exceeds the share that is done, new
    vectors push old ones down.
    """
    hits = gallery.log(gallery.mixed(done).scores, k)
    new = {key for key, is_new in zip(gallery.new_gallery.keys or (), done.tolist()) if is_new}
    found = hits.keys[hits.found]
    return float(np.mean([key in new for key in found.tolist()]))


def traffic(persons: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """[Q] weight of each query where people are searched unequally often, their mean 1.

    The r-th most popular person is asked for with weight 1/r (Zipf 1949), each of the person's
    queries equally; who is popular is drawn.

    Args:
        persons: [Q] whom each query shows.
        seed: of the popularity.
    """
    people, of, each = np.unique(persons, return_inverse=True, return_counts=True)
    popular = 1.0 / (1 + np.random.default_rng(seed).permutation(len(people)))
    weights = (popular / each)[of]
    return weights / weights.mean()


def two_halves(persons: np.ndarray) -> np.ndarray:
    """[Q] bool: every second query of each person, so that a log of one half can be judged on the
    other.

    >>> two_halves(np.array([5, 5, 7, 5])).tolist()
    [False, True, False, False]
    """
    seen: dict[int, int] = {}
    half = np.zeros(len(persons), bool)
    for i, person in enumerate(np.asarray(persons).tolist()):
        half[i] = seen.get(person, 0) % 2 == 1
        seen[person] = seen.get(person, 0) + 1
    return half


def weighted_map(result: RankingResult, weights: np.ndarray) -> float:
    """mAP in which each valid query counts by its weight [Q]."""
    return float(np.average(result.ap[result.valid], weights=weights[result.valid]))
