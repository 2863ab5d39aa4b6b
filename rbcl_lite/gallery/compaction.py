"""Compaction: new rows get a segment, small and half-removed segments are written again together."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rbcl_lite.gallery.database import Database
from rbcl_lite.gallery.layout import Limits, first_to_merge
from rbcl_lite.gallery.part import read_blocks
from rbcl_lite.gallery.segment import drop, publish, write_columns
from rbcl_lite.gallery.trained import add_index, read_centres, write_centres

FOLDER, LOCK = "index", "index.lock"
_QUICK, _THOROUGH = 2, 10  # how much smaller the next segment is at least
_RETRAIN = 4  # centres serve a gallery until it is so many times as large as the one they were trained on


@dataclass(frozen=True)
class Entry:
    """A segment as the database names it: the ``count`` rows above ``low`` up to ``high``."""

    low: int
    high: int
    name: str
    count: int


@dataclass(frozen=True)
class Span:
    """Rows that are to be written as one segment, with the centres of this name, or new ones."""

    low: int
    high: int
    trained: str | None
    train: bool = False


def entries(connection: sqlite3.Connection) -> list[Entry]:
    """The segments, oldest first."""
    return [Entry(*row) for row in connection.execute("SELECT low, high, name, count FROM segments ORDER BY low")]


class Compaction:
    """Writes the segments of a gallery; one at a time over all processes.

    Args:
        folder: of the gallery.
        database: its truth.
        limits: when and how.
    """

    def __init__(self, folder: Path, database: Database, limits: Limits) -> None:
        self.folder, self._database, self._limits = folder / FOLDER, database, limits
        self._lock = FileLock(folder / LOCK, thread_local=False)
        self._thread = threading.Lock()  # a FileLock lets every thread of the process in that holds it

    def due(self) -> bool:
        """Whether enough new rows have come together."""
        with self._database.read() as connection:
            last, top = connection.execute("SELECT last_row, top FROM state").fetchone()
        return last - top >= self._limits.tail

    def compact(self, thorough: bool = False) -> None:
        """Write new rows, and the segments that are to be merged with them.

        Args:
            thorough: leave hardly more than one segment, and wait for another process that is
                writing the index; otherwise it is left to that one.

        Raises:
            OSError: the index cannot be written; what the database holds is as it was.
        """
        with self._locked(thorough) as mine, self._database.aside() as connection:
            span = self._plan(connection, _THOROUGH if thorough else _QUICK) if mine else None
            if span:
                self._write(connection, span)

    def repair(self, name: str) -> None:
        """Write a damaged segment again, from the database."""
        with self._locked(True), self._database.aside() as connection:
            span = next(
                (Span(e.low, e.high, _trained(connection)) for e in entries(connection) if e.name == name), None
            )
            if span and span.trained and not read_centres(self.folder / span.trained):
                span = Span(0, _last(connection), None, train=True)
            if span:  # else another process has done it while this one waited
                self._write(connection, span)

    @contextmanager
    def _locked(self, wait: bool) -> Iterator[bool]:
        if not self._thread.acquire(blocking=wait):
            yield False
            return
        try:
            with self._lock.acquire(timeout=-1 if wait else 0):
                self.folder.mkdir(exist_ok=True)
                self._clean()
                yield True
                self._clean()
        except Timeout:
            yield False
        finally:
            self._thread.release()

    def _clean(self) -> None:
        """Delete what a killed process left, and what has been replaced."""
        with self._database.read() as connection:
            used = {e.name for e in entries(connection)} | {_trained(connection)}
        for path in self.folder.iterdir():
            if path.name not in used:
                drop(path)

    def _plan(self, connection: sqlite3.Connection, factor: int) -> Span | None:
        """What to write, or None where the index is up to date."""
        there, last, trained = entries(connection), _last(connection), _trained(connection)
        top = connection.execute("SELECT top FROM state").fetchone()[0]
        count = "SELECT count(*) FROM rows WHERE row > ? AND row <= ?"
        sizes = [connection.execute(count, (e.low, e.high)).fetchone()[0] for e in there]
        new = connection.execute(count, (top, last)).fetchone()[0]
        if sum(sizes) + new >= self._limits.flat:
            centres = read_centres(self.folder / trained) if trained else None
            if centres is None or sum(sizes) + new >= _RETRAIN * centres.trained_on:
                return Span(0, last, None, train=True)
        hollow = [i for i, e in enumerate(there) if e.count - sizes[i] > max(sizes[i], self._limits.tail)]
        first = min([_first(sizes, new, factor), *hollow])
        if first == len(there):
            return Span(top, last, trained) if new else None
        return Span(there[first].low, last, trained)

    def _write(self, connection: sqlite3.Connection, span: Span) -> None:
        name, trained = secrets.token_hex(8), span.trained
        temporary = self.folder / f"{name}.tmp"
        generation = connection.execute("SELECT generation FROM state").fetchone()[0]
        replaced = [self.folder / e.name for e in entries(connection) if span.low <= e.low < span.high]
        try:
            count, versions = write_columns(temporary, read_blocks(connection, span.low, span.high, self._database.dim))
            if span.train and count:
                trained = write_centres(self.folder, temporary, self._database.dim)
            about = {"rows": count, "low": span.low, "high": span.high, "generation": generation, "trained": trained}
            about |= {"versions": versions}
            if trained and count:
                centres = self.folder / trained
                about |= add_index(centres, temporary, replaced, self._database.dim, self._limits.recall)
            publish(temporary, self.folder / name, about)
        except RuntimeError as error:  # faiss
            raise OSError(f"the index of the gallery at {self.folder.parent} was not written: {error}") from error
        finally:
            drop(temporary)
        with self._database.write() as writer:
            writer.execute("DELETE FROM segments WHERE low >= ? AND low < ?", (span.low, span.high))
            if count:
                writer.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", (span.low, span.high, name, count))
            gone = "DELETE FROM removed WHERE row > ? AND row <= ? AND generation <= ?"
            writer.execute(gone, (span.low, span.high, generation))
            writer.execute("UPDATE state SET layout = layout + 1, top = max(top, ?), trained = ?", (span.high, trained))


def _first(sizes: list[int], new: int, factor: int) -> int:
    """What to merge with the new rows; without any, with the newest segment."""
    if new or not sizes:
        return first_to_merge(sizes, new, factor)
    first = first_to_merge(sizes[:-1], sizes[-1], factor)
    return first if first < len(sizes) - 1 else len(sizes)


def _last(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT last_row FROM state").fetchone()[0]


def _trained(connection: sqlite3.Connection) -> str | None:
    return connection.execute("SELECT trained FROM state").fetchone()[0]
