"""Database of a gallery: SQLite holds the truth, and nothing that it acknowledged is lost."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORMAT = 1
FILE = "gallery.sqlite"
SCHEMA = """
CREATE TABLE state (format INTEGER, dim INTEGER, generation INTEGER, layout INTEGER, last_row INTEGER, top INTEGER,
                    trained TEXT);
CREATE TABLE versions (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, note TEXT NOT NULL);
CREATE TABLE compatible (new INTEGER, old INTEGER, new_old REAL, old_old REAL, date TEXT, note TEXT,
                         PRIMARY KEY (new, old));
CREATE TABLE rows (row INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, person INTEGER NOT NULL, camera INTEGER NOT NULL,
                   time REAL, version INTEGER NOT NULL);
CREATE TABLE vectors (row INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE removed (row INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX removed_by_generation ON removed (generation);
CREATE TABLE segments (low INTEGER PRIMARY KEY, high INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL);
"""
# generation grows with each change of the content, layout when segments of the index are exchanged. Rows up to the
# number top are in segments, or were removed. A row is written once and its number never used again: to replace a
# vector is to remove a row and to add one.


class Database:
    """Two connections to the file of a gallery, one to read and one to write, safe in threads.

    Args:
        folder: of the gallery.
        dim: coordinates of the vectors; None to open what is there.
        durable: wait for the disk at each commit.

    Raises:
        FileNotFoundError: nothing there, and no ``dim`` to make it with.
        ValueError: another dimension, or another format.
        OSError: the file cannot be opened, read or written.
    """

    def __init__(self, folder: Path, dim: int | None = None, durable: bool = True) -> None:
        self.path = folder / FILE
        if not self.path.is_file():
            if dim is None:
                raise FileNotFoundError(
                    f"no gallery at {folder} ({FILE} is missing); make one with Gallery(path, dim=...)"
                )
            folder.mkdir(parents=True, exist_ok=True)
        self._pid = os.getpid()
        self._locks = threading.RLock(), threading.RLock()
        with self._translated():
            self._writer = self._connect(durable)
            try:
                self._create(dim)
                self._reader = self._connect(durable)
            except BaseException:
                self._writer.close()
                raise
        with self.read() as connection:
            form, self.dim = connection.execute("SELECT format, dim FROM state").fetchone()
        if form != FORMAT or (dim is not None and dim != self.dim):
            self.close()
            if form != FORMAT:
                raise ValueError(f"{self.path} has format {form}, this version of rbcl-lite reads format {FORMAT}")
            raise ValueError(f"the gallery at {folder} holds vectors of {self.dim} dimensions, not {dim}")

    def _connect(self, durable: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA page_size = 8192")  # seven vectors of 256 coordinates fill a page
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        return connection

    def _create(self, dim: int | None) -> None:
        self._writer.execute("BEGIN IMMEDIATE")  # two processes may begin one gallery
        try:
            if not self._writer.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
                if dim is None:
                    raise ValueError(f"{self.path} holds no gallery")
                for statement in SCHEMA.split(";"):
                    self._writer.execute(statement)
                self._writer.execute("INSERT INTO state VALUES (?, ?, 0, 0, 0, 0, NULL)", (FORMAT, dim))
            self._writer.execute("COMMIT")
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise

    def state(self) -> tuple[int, int]:
        """Generation and layout: one statement, which is a transaction of its own."""
        with self._locks[0], self._translated():
            self._check_process()
            return self._reader.execute("SELECT generation, layout FROM state").fetchone()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one state of the gallery from its first statement to its last."""
        with self._locks[0], self._translated():
            self._check_process()
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("COMMIT")

    @contextmanager
    def aside(self) -> Iterator[sqlite3.Connection]:
        """A long reading transaction on a connection of its own: searches and writers do not wait for it."""
        with self._translated():
            self._check_process()
            connection = self._connect(True)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on disk when the block ends, or never was when it fails."""
        with self._locks[1], self._translated():
            self._check_process()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk has rolled back already
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close both connections."""
        self._reader.close()
        self._writer.close()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise OSError(f"the gallery at {self.path.parent} was opened by another process; open it in this one again")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLite's errors as an OSError that says what to do."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise OSError(f"the gallery at {self.path.parent} is closed ({error})") from error
        except sqlite3.DatabaseError as error:
            hints = {
                "full": "the disk is full; nothing of this call was stored: make room and call again",
                "readonly": "it cannot be written here; copy the folder to a place that can",
                "unable to open": "the folder must be readable and writable, for the write-ahead log too",
                "locked": "another process has been writing for a minute; try again when it has finished",
                "not a database": "the file is damaged, or no gallery; restore it from a copy",
                "malformed": "the file is damaged; restore it from a copy",
            }
            hint = next((text for mark, text in hints.items() if mark in str(error)), "nothing of this call was stored")
            raise OSError(f"gallery at {self.path.parent}: {error}; {hint}") from error
