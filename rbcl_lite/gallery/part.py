"""Part of a gallery: rows that are searched together, a segment on disk or the tail in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rbcl_lite.gallery.records import Version
from rbcl_lite.gallery.where import Where


@dataclass(frozen=True)
class Part:
    """N rows by ascending number.

    Args:
        rows: [N] int64 numbers of the rows.
        keys: N names.
        persons: [N] int64, -1 where not known.
        cams: [N] int64, -1 where not known.
        times: [N] float64, NaN where not known.
        versions: [N] int32 numbers of the versions.
        vectors: [N, D] float32, in memory or mapped from a file.
        alive: [N] bool, False for what was removed since; None where nothing was.
    """

    rows: np.ndarray
    keys: Sequence[str]
    persons: np.ndarray
    cams: np.ndarray
    times: np.ndarray
    versions: np.ndarray
    vectors: np.ndarray
    alive: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Positions of those of the row numbers that lie in this part."""
        at = np.searchsorted(self.rows, rows)
        inside = at < len(self)
        return at[inside][self.rows[at[inside]] == rows[inside]]

    def without(self, rows: np.ndarray) -> Part:
        """The same rows, some of them removed."""
        at = self.places(rows)
        if not len(at):
            return self
        alive = np.ones(len(self), bool) if self.alive is None else self.alive.copy()
        alive[at] = False
        return replace(self, alive=alive)

    def allowed(self, where: Where, versions: dict[int, Version]) -> np.ndarray | None:
        """[N] bool of what is alive and meets a condition, or None for everything."""
        masks = [] if self.alive is None else [self.alive]
        if where.camera is not None:
            masks.append(_among(self.cams, where.camera))
        if where.person is not None:
            masks.append(_among(self.persons, where.person))
        if where.version is not None:
            numbers = [n for n, v in versions.items() if v.name in where.version]  # type: ignore[operator]
            masks.append(_among(self.versions, numbers))
        if where.since is not None:
            masks.append(self.times >= where.since)
        if where.until is not None:
            masks.append(self.times < where.until)
        return None if not masks else np.logical_and.reduce(masks)

    def same_view(self, person: int, camera: int) -> np.ndarray:
        """Positions of a person's images at one camera."""
        return np.flatnonzero((self.persons == person) & (self.cams == camera))


def _among(column: np.ndarray, values: int | Sequence[int]) -> np.ndarray:
    several = np.atleast_1d(values)
    return column == several[0] if len(several) == 1 else np.isin(column, several)


def empty(dim: int) -> Part:
    """No row."""
    ints = np.empty(0, np.int64)
    return Part(ints, [], ints, ints, np.empty(0), np.empty(0, np.int32), np.empty((0, dim), np.float32))


def read_rows(connection: sqlite3.Connection, low: int, high: int, dim: int) -> Part:
    """The rows with numbers above ``low`` and up to ``high``, from the database."""
    text = "SELECT row, key, person, camera, time, version FROM rows WHERE row > ? AND row <= ? ORDER BY row"
    found = connection.execute(text, (low, high)).fetchall()
    if not found:
        return empty(dim)
    rows, keys, persons, cams, times, versions = zip(*found)
    text = "SELECT vector FROM vectors WHERE row > ? AND row <= ? ORDER BY row"
    vectors = np.empty((len(rows), dim), np.float32)
    for i, (blob,) in enumerate(connection.execute(text, (low, high))):
        vectors[i] = np.frombuffer(blob, "<f4")
    return Part(
        np.array(rows, np.int64),
        list(keys),
        np.array(persons, np.int64),
        np.array(cams, np.int64),
        np.array(times, np.float64),
        np.array(versions, np.int32),
        vectors,
    )


def grown(part: Part, more: Part) -> Part:
    """Rows of two parts in memory; what was removed is dropped.

    Args:
        part: earlier rows.
        more: later ones.
    """
    keep = slice(None) if part.alive is None else part.alive
    if part.alive is None and not len(more):
        return part
    keys = list(part.keys) if part.alive is None else [part.keys[i] for i in np.flatnonzero(part.alive).tolist()]
    names = ("rows", "persons", "cams", "times", "versions", "vectors")
    columns = {n: np.concatenate([getattr(part, n)[keep], getattr(more, n)]) for n in names}
    return Part(keys=keys + list(more.keys), **columns)
