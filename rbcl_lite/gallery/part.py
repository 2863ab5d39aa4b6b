"""Part of a gallery: rows that are searched together, a segment on disk or the tail in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rbcl_lite.gallery.inverted import Inverted
from rbcl_lite.gallery.records import Version
from rbcl_lite.gallery.where import Where

_COLUMNS = ("rows", "persons", "cams", "times", "versions", "vectors")
_REMEMBERED = 32  # conditions whose masks a part keeps
_BLOCK = 8192


@dataclass(frozen=True)
class Choice:
    """Rows of a part that a search may find.

    Args:
        mask: [N] bool, or None for all.
        count: how many.
    """

    mask: np.ndarray | None
    count: int

    @cached_property
    def bits(self) -> np.ndarray | None:
        """One bit for each row, as faiss reads them."""
        return None if self.mask is None else np.packbits(self.mask, bitorder="little")


@dataclass(frozen=True)
class Part:
    """N rows by ascending number.

    Args:
        rows: [N] int64 numbers of the rows.
        keys: N names.
        persons: [N] int64, -1 where not known.
        cams: [N] int64, -1 where not known.
        times: [N] float64, NaN where not known.
        versions: [N] int64 numbers of the versions.
        vectors: [N, D] float32, in memory or mapped from a file.
        alive: [N] bool, False for what was removed since; None where nothing was.
        by_person: [N] positions sorted by person, or None.
        inverted: index, or None where every vector is compared.
        about: what is known of a segment.
        numbers: numbers of the versions that occur, or did before some rows were removed.
    """

    rows: np.ndarray
    keys: Sequence[str]
    persons: np.ndarray
    cams: np.ndarray
    times: np.ndarray
    versions: np.ndarray
    vectors: np.ndarray
    alive: np.ndarray | None = None
    by_person: np.ndarray | None = None
    inverted: Inverted | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    numbers: frozenset[int] = frozenset()
    _choices: dict[Where, Choice] = field(default_factory=dict, repr=False, compare=False)

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
        return replace(self, alive=alive, _choices={})

    def choice(self, where: Where, versions: Mapping[int, Version]) -> Choice:
        """What is alive and meets a condition.

        Args:
            where: the condition.
            versions: number to version.
        """
        known = self._choices.get(where)
        if known is None:
            mask = self._mask(where, versions)
            known = Choice(mask, len(self) if mask is None else int(np.count_nonzero(mask)))
            if len(self._choices) >= _REMEMBERED:
                self._choices.clear()
            self._choices[where] = known
        return known

    def _mask(self, where: Where, versions: Mapping[int, Version]) -> np.ndarray | None:
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

    def versions_but(self, readable: frozenset[int], where: Where, versions: Mapping[int, Version]) -> set[int]:
        """Numbers of the versions, other than the readable ones, among the rows that meet a condition."""
        other = set(self.numbers - readable)
        if not other:  # nearly always: no row has to be looked at
            return set()
        mask = self.choice(where, versions).mask
        return other & set(np.unique(self.versions if mask is None else self.versions[mask]).tolist())

    def same_view(self, person: int, camera: int) -> np.ndarray:
        """Positions of a person's images at one camera."""
        if self.by_person is None:
            return np.flatnonzero((self.persons == person) & (self.cams == camera))
        first = np.searchsorted(self.persons, person, "left", sorter=self.by_person)
        last = np.searchsorted(self.persons, person, "right", sorter=self.by_person)
        at = self.by_person[first:last]
        return at[self.cams[at] == camera]

    def after(self, row: int) -> Part:
        """The rows with larger numbers, of a part in memory."""
        first = int(np.searchsorted(self.rows, row, "right"))
        if first == 0:
            return self
        alive = None if self.alive is None else self.alive[first:]
        columns: dict[str, Any] = {name: getattr(self, name)[first:] for name in _COLUMNS}
        return Part(keys=self.keys[first:], alive=alive, numbers=self.numbers, **columns)


def _among(column: np.ndarray, values: int | Sequence[int]) -> np.ndarray:
    several = np.atleast_1d(values)
    return column == several[0] if len(several) == 1 else np.isin(column, several)


def empty(dim: int) -> Part:
    """No row."""
    ints = np.empty(0, np.int64)
    return Part(ints, [], ints, ints, np.empty(0), ints, np.empty((0, dim), np.float32))


def joined(parts: Sequence[Part]) -> Part:
    """The rows of parts in memory, at least one; what was removed is dropped."""
    keep = [np.arange(len(p)) if p.alive is None else np.flatnonzero(p.alive) for p in parts]
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        columns[name] = np.concatenate([getattr(p, name)[at] for p, at in zip(parts, keep)])
    columns["numbers"] = frozenset(np.unique(columns["versions"]).tolist())
    return Part(keys=[p.keys[i] for p, at in zip(parts, keep) for i in at.tolist()], **columns)


def read_blocks(connection: sqlite3.Connection, low: int, high: int, dim: int) -> Iterator[Part]:
    """The rows with numbers above ``low`` and up to ``high`` from the database, some at a time."""
    cursor = connection.execute(
        "SELECT r.row, key, person, camera, time, version, vector FROM rows r JOIN vectors v ON v.row = r.row "
        "WHERE r.row > ? AND r.row <= ? ORDER BY r.row",
        (low, high),
    )
    while found := cursor.fetchmany(_BLOCK):
        rows, keys, persons, cams, times, versions, blobs = zip(*found)
        yield Part(
            np.array(rows, np.int64),
            keys,
            np.array(persons, np.int64),
            np.array(cams, np.int64),
            np.array(times, np.float64),
            np.array(versions, np.int64),
            np.frombuffer(b"".join(blobs), "<f4").astype(np.float32, copy=False).reshape(-1, dim),
        )
