"""Snapshot of a gallery: one generation of it, which no later change touches."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import numpy as np

from rbcl_lite.gallery.exact import exact_search
from rbcl_lite.gallery.part import Part, empty, grown, read_rows
from rbcl_lite.gallery.records import NOBODY, Hits, Version
from rbcl_lite.gallery.rows import read_versions
from rbcl_lite.gallery.where import Where

_SPARE = 8  # candidates more than asked for: float32 products are ordered again in float64


@dataclass(frozen=True)
class Snapshot:
    """All rows of one generation.

    Args:
        dim: coordinates.
        generation: of the content.
        last_row: largest row number that was ever given.
        versions: number to version.
        tail: the rows that are in no segment.
    """

    dim: int
    generation: int = -1
    last_row: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    tail: Part | None = None

    @property
    def parts(self) -> list[Part]:
        """What has to be searched."""
        return [self.tail] if self.tail is not None and len(self.tail) else []


def refreshed(snapshot: Snapshot, connection: sqlite3.Connection) -> Snapshot:
    """The state of the gallery inside a transaction, made from an earlier one."""
    generation, last_row = connection.execute("SELECT generation, last_row FROM state").fetchone()
    if generation == snapshot.generation:
        return snapshot
    gone = connection.execute("SELECT row FROM removed WHERE generation > ?", (snapshot.generation,)).fetchall()
    removed = np.array([row for (row,) in gone], np.int64)
    tail = (snapshot.tail or empty(snapshot.dim)).without(removed)
    tail = grown(tail, read_rows(connection, snapshot.last_row, last_row, snapshot.dim))
    return Snapshot(snapshot.dim, generation, last_row, read_versions(connection), tail)


def search(
    snapshot: Snapshot,
    queries: np.ndarray,
    k: int,
    *,
    where: Where,
    views: list[tuple[int, int]],
    own: list[int],
) -> Hits:
    """The k nearest rows of each query.

    Args:
        snapshot: what is searched.
        queries: [Q, D] float32 unit vectors.
        k: hits for each.
        where: a condition.
        views: for each query its person and its camera, whose rows are left out; -1 for none.
        own: for each query the row of its own image, 0 for none.
    """
    found = [_candidates(part, snapshot, queries, k, where, views, own) for part in snapshot.parts]
    q = len(queries)
    rows = np.concatenate([f[0] for f in found], axis=1) if found else np.empty((q, 0), np.int64)
    scores = np.concatenate([f[1] for f in found], axis=1) if found else np.empty((q, 0), np.float32)
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    rows, scores = np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)
    missing = ((0, 0), (0, k - rows.shape[1]))
    rows, scores = np.pad(rows, missing), np.pad(scores, missing, constant_values=-np.inf)
    return _hits(snapshot, np.where(np.isfinite(scores), rows, 0), scores)


def _candidates(
    part: Part,
    snapshot: Snapshot,
    queries: np.ndarray,
    k: int,
    where: Where,
    views: list[tuple[int, int]],
    own: list[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers and exact scores [Q, K'] of one part; what is left out has the score -inf."""
    out = [part.same_view(*view) if NOBODY not in view else np.empty(0, np.int64) for view in views]
    out = [np.append(o, part.places(np.array([row]))) if row else o for o, row in zip(out, own)]
    more = max(map(len, out), default=0)
    places, _ = exact_search(queries, part.vectors, k + more + _SPARE, part.allowed(where, snapshot.versions))
    near = part.vectors[places].astype(np.float64)
    scores = np.einsum("qd,qkd->qk", queries.astype(np.float64), near).astype(np.float32)
    scores[places < 0] = -np.inf
    for line, at, line_places in zip(scores, out, places):
        if len(at):
            line[np.isin(line_places, at)] = -np.inf
    return part.rows[places], scores


def _hits(snapshot: Snapshot, rows: np.ndarray, scores: np.ndarray) -> Hits:
    """What is known of the rows; number 0 is none."""
    shape = rows.shape
    keys, versions = np.full(shape, "", object), np.full(shape, "", object)
    persons, cams, times = np.full(shape, NOBODY), np.full(shape, NOBODY), np.full(shape, np.nan)
    for part in snapshot.parts:
        at = np.minimum(np.searchsorted(part.rows, rows), len(part) - 1)
        here = part.rows[at] == rows
        at = at[here]
        keys[here] = [part.keys[i] for i in at.tolist()]
        versions[here] = [snapshot.versions[n].name for n in part.versions[at].tolist()]
        persons[here], cams[here], times[here] = part.persons[at], part.cams[at], part.times[at]
    return Hits(keys, scores, persons, cams, times, versions, snapshot.generation)
