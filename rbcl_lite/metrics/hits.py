"""Hits: exact ranks of the few right images, without ordering the whole gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rbcl_lite.metrics.sides import Side

# Counting the values below one positive costs about as much as sorting 256 values (numpy 2, AVX-512; the choice
# between the two changes the time only, both are exact).
_COUNT_COST = 256


@dataclass(frozen=True)
class Gallery:
    """A gallery grouped by identity, so that the images of a person are one slice."""

    ids: np.ndarray  # [G] sorted
    order: np.ndarray  # [G] gallery index of each entry of ids
    side: Side  # in gallery order
    junk: np.ndarray  # gallery index of the images of nobody (id below 0)

    @staticmethod
    def group(side: Side) -> Gallery:
        """Sort the gallery by identity once, for all blocks."""
        order = np.argsort(side.ids, kind="stable")
        return Gallery(side.ids[order], order, side, np.flatnonzero(side.ids < 0))

    def same_identity(self, query_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(query row, gallery column) of all pairs of one identity, ordered by row."""
        start = np.searchsorted(self.ids, query_ids, side="left")
        count = np.searchsorted(self.ids, query_ids, side="right") - start
        rows = np.repeat(np.arange(len(query_ids)), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        return rows, self.order[np.repeat(start, count) + within]


def hit_ranks(block: np.ndarray, query: Side, gallery: Gallery) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranks of all positives of a block of queries, ties against the query.

    All images of the query's identity are taken out of the row, and so is junk; what is left are
    the negatives. The j-th nearest positive then has rank j + #{negatives at the same distance or
    nearer}, which needs no order of the gallery.

    Args:
        block: [B, G] finite distances; overwritten.
        query: B queries. Cameras, or images, that one side does not know make no junk.
        gallery: grouped gallery of G images.

    Returns:
        rows [P] query of each positive, ascending; number [P] 1, 2, ... within the query, nearest
        first; rank [P].
    """
    rows, columns = gallery.same_identity(query.ids)
    distances = block[rows, columns]
    block[rows, columns] = np.inf
    block[:, gallery.junk] = np.inf
    keep = query.ids[rows] >= 0
    for own, other in ((query.cams, gallery.side.cams), (query.images, gallery.side.images)):
        if own is not None and other is not None:
            keep &= own[rows] != other[columns]  # same identity, and same camera or the very same image: junk
    rows, distances = rows[keep], distances[keep]
    nearest = np.lexsort((distances, rows))
    distances = distances[nearest]
    begin = np.searchsorted(rows, np.arange(len(block)), side="left")
    end = np.searchsorted(rows, np.arange(len(block)), side="right")
    negatives = np.empty(len(rows), dtype=np.int64)
    for row, first, stop in zip(block, begin.tolist(), end.tolist()):
        if (stop - first) * _COUNT_COST < len(row):
            for i in range(first, stop):
                negatives[i] = np.count_nonzero(row <= distances[i])
        else:
            negatives[first:stop] = np.searchsorted(np.sort(row), distances[first:stop], side="right")
    number = np.arange(len(rows)) - begin[rows] + 1
    return rows, number, number + negatives
