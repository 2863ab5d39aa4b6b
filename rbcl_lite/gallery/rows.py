"""Rows of the database: found by key, written, replaced and removed, each inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rbcl_lite.gallery.batch import Batch
from rbcl_lite.gallery.records import NOBODY, Evidence, Version

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
    absent = [k for k in keys if k not in found]
    if absent:
        raise ValueError(
            f"key {absent[0]!r} is not in the gallery ({len(absent)} of {len(keys)} are not); nothing was changed"
        )
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
    there = find(connection, batch.keys)
    if there:
        key = next(k for k in batch.keys if k in there)
        raise ValueError(
            f"key {key!r} is in the gallery already ({len(there)} of {len(batch)} are); nothing was added: "
            "backfill replaces vectors, remove takes them out"
        )
    _insert(connection, batch, version)
    next_generation(connection)


def replace(connection: sqlite3.Connection, batch: Batch, version: int) -> None:
    """Put new vectors in the place of those that the keys have; person, camera and time stay.

    Raises:
        ValueError: a key that is not there, or that another person or camera has.
    """
    stored = find_all(connection, batch.keys)
    persons, cams = (np.array([getattr(s, name) for s in stored], np.int64) for name in ("person", "camera"))
    for name, was, now in (("person", persons, batch.persons), ("camera", cams, batch.cams)):
        wrong = np.flatnonzero((was != NOBODY) & (now != NOBODY) & (was != now))
        if len(wrong):
            i = int(wrong[0])
            raise ValueError(
                f"{batch.keys[i]!r} has {name} {was[i]} in the gallery and {now[i]} in the new vectors ({len(wrong)} "
                "such keys): is it the same image? Nothing was replaced"
            )
    times = np.array([np.nan if s.time is None else s.time for s in stored], np.float64)
    _delete(connection, [s.row for s in stored])
    _insert(connection, Batch(batch.keys, batch.vectors, persons, cams, times, batch.version), version)


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
