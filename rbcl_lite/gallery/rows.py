"""Rows of the database: found by key, written, replaced and removed, each inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rbcl_lite.gallery.batch import Batch, check_new, check_there
from rbcl_lite.gallery.records import Evidence, Version

_AT_ONCE = 500  # SQLite takes at least 999 parameters


@dataclass(frozen=True)
class Stored:
    """What the database knows of one key."""

    row: int
    person: int
    camera: int
    time: float | None
    version: int


def find(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Stored]:
    """The rows of those keys that are there."""
    out = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        found = connection.execute(
            f"SELECT key, row, person, camera, time, version FROM rows WHERE key IN ({marks})", some
        )
        out.update({key: Stored(*rest) for key, *rest in found})
    return out


def find_all(connection: sqlite3.Connection, keys: Sequence[str]) -> list[Stored]:
    """The rows of the keys, in their order.

    Raises:
        ValueError: a key that is not there.
    """
    found = find(connection, keys)
    check_there(keys, found)
    return [found[k] for k in keys]


def read_versions(connection: sqlite3.Connection) -> dict[int, Version]:
    """Number to version, oldest first."""
    rows = connection.execute("SELECT number, name, note FROM versions ORDER BY number").fetchall()
    names = {number: name for number, name, _ in rows}
    declared: dict[int, dict[str, Evidence]] = {number: {} for number in names}
    for new, old, *evidence in connection.execute("SELECT * FROM compatible ORDER BY new, old"):
        declared[new][names[old]] = Evidence(*evidence)
    return {number: Version(name, declared[number], note) for number, name, note in rows}


def write_version(connection: sqlite3.Connection, version: Version) -> None:
    """Register a version that is not there yet."""
    numbers = dict(connection.execute("SELECT name, number FROM versions").fetchall())
    number = max(numbers.values(), default=-1) + 1
    connection.execute("INSERT INTO versions VALUES (?, ?, ?)", (number, version.name, version.note))
    for old, e in version.compatible_with.items():
        values = (number, numbers[old], e.new_old, e.old_old, e.date, e.note)
        connection.execute("INSERT INTO compatible VALUES (?, ?, ?, ?, ?, ?)", values)
    next_generation(connection)


def next_generation(connection: sqlite3.Connection) -> int:
    """Count one change of the content."""
    connection.execute("UPDATE state SET generation = generation + 1")
    return connection.execute("SELECT generation FROM state").fetchone()[0]


def insert(connection: sqlite3.Connection, batch: Batch, version: int) -> None:
    """Write new rows.

    Raises:
        ValueError: a key that is there already.
    """
    check_new(batch.keys, find(connection, batch.keys))
    _insert(connection, batch, version)
    next_generation(connection)


def replace(connection: sqlite3.Connection, batch: Batch, version: int) -> None:
    """Put new vectors in the place of those that the keys have; person, camera and time stay.

    Raises:
        ValueError: a key that is not there, or that another person or camera has.
    """
    stored = find_all(connection, batch.keys)
    persons, cams = (np.array([getattr(s, name) for s in stored], np.int64) for name in ("person", "camera"))
    times = np.array([np.nan if s.time is None else s.time for s in stored], np.float64)
    batch = batch.in_place_of(persons, cams, times)
    _delete(connection, [s.row for s in stored])
    _insert(connection, batch, version)


def delete(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    """Remove the rows of the keys.

    Raises:
        ValueError: a key that is not there.
    """
    _delete(connection, [s.row for s in find_all(connection, keys)])


def _insert(connection: sqlite3.Connection, batch: Batch, version: int) -> None:
    last = connection.execute("SELECT last_row FROM state").fetchone()[0]
    numbers = range(last + 1, last + 1 + len(batch))
    times = (None if np.isnan(t) else t for t in batch.times.tolist())
    columns = zip(numbers, batch.keys, batch.persons.tolist(), batch.cams.tolist(), times)
    connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", ((*c, version) for c in columns))
    connection.executemany("INSERT INTO vectors VALUES (?, ?)", zip(numbers, _blobs(batch.vectors)))
    connection.execute("UPDATE state SET last_row = ?", (last + len(batch),))


def _blobs(vectors: np.ndarray) -> Iterator[bytes]:
    return (v.tobytes() for v in vectors.astype("<f4", copy=False))


def _delete(connection: sqlite3.Connection, rows: list[int]) -> None:
    generation = next_generation(connection)
    one = [(row,) for row in rows]
    connection.executemany("DELETE FROM rows WHERE row = ?", one)
    connection.executemany("DELETE FROM vectors WHERE row = ?", one)
    connection.executemany("INSERT INTO removed VALUES (?, ?)", ((row, generation) for row in rows))
