"""Snapshot of a gallery: one generation of it, which no later change touches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rbcl_lite.gallery.compaction import entries
from rbcl_lite.gallery.part import Part, empty, joined, read_blocks
from rbcl_lite.gallery.records import Version
from rbcl_lite.gallery.rows import read_versions
from rbcl_lite.gallery.segment import open_segment
from rbcl_lite.gallery.where import Where


@dataclass(frozen=True)
class Snapshot:
    """All rows of one generation.

    Args:
        dim: coordinates.
        generation: of the content.
        layout: of the index.
        last_row: largest row number that was ever given.
        versions: number to version.
        segments: name to rows, oldest first.
        tail: the rows that are in no segment yet.
    """

    dim: int
    generation: int = -1
    layout: int = -1
    last_row: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    segments: dict[str, Part] = field(default_factory=dict)
    tail: Part | None = None

    @property
    def parts(self) -> list[Part]:
        """What has to be searched."""
        return [p for p in (*self.segments.values(), self.tail) if p is not None and len(p)]

    def versions_but(self, readable: Iterable[str], where: Where) -> list[str]:
        """Names of the versions, other than the readable ones, among the rows that meet a condition."""
        names = set(readable)
        known = frozenset(n for n, v in self.versions.items() if v.name in names)
        other = set().union(*(p.versions_but(known, where, self.versions) for p in self.parts))
        return [self.versions[n].name for n in sorted(other)]

    def table(self, where: Where) -> pd.DataFrame:
        """Key, person, camera, time and version of the rows that meet a condition."""
        tables = [pd.DataFrame(columns=["key", "person", "camera", "time", "version"])]
        for part in self.parts:
            mask = part.choice(where, self.versions).mask
            at = np.arange(len(part)) if mask is None else np.flatnonzero(mask)
            columns = {
                "key": np.array([part.keys[i] for i in at.tolist()], object),
                "person": part.persons[at],
                "camera": part.cams[at],
                "time": part.times[at],
                "version": np.array([self.versions[n].name for n in part.versions[at].tolist()], object),
            }
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables[1:] or tables, ignore_index=True)


def refreshed(old: Snapshot, connection: sqlite3.Connection, index: Path) -> Snapshot:
    """The state of the gallery inside a transaction, made from an earlier one.

    Args:
        old: the earlier state; ``Snapshot(dim)`` at first.
        connection: inside a transaction.
        index: folder of the segments.

    Raises:
        Damaged: a segment that is missing or cut off.
    """
    state = connection.execute("SELECT generation, layout, last_row, top FROM state").fetchone()
    if state[:2] == (old.generation, old.layout):
        return old
    generation, layout, last_row, top = state
    gone = connection.execute("SELECT row FROM removed WHERE generation > ?", (old.generation,)).fetchall()
    removed = np.array([row for (row,) in gone], np.int64)
    segments = {}
    for entry in entries(connection):
        if entry.name in old.segments:
            segments[entry.name] = old.segments[entry.name].without(removed)
        else:  # written after the removals that it does not show
            text = "SELECT row FROM removed WHERE row > ? AND row <= ?"
            inside = connection.execute(text, (entry.low, entry.high)).fetchall()
            part = open_segment(index / entry.name, old.dim)
            segments[entry.name] = part.without(np.array([row for (row,) in inside], np.int64))
    tail = (old.tail or empty(old.dim)).after(top).without(removed)
    more = list(read_blocks(connection, max(top, old.last_row), last_row, old.dim))
    if more or tail.alive is not None:
        tail = joined([tail, *more])
    return Snapshot(old.dim, generation, layout, last_row, read_versions(connection), segments, tail)
