"""Gallery in the process: SQLite holds the truth, an index derived from it answers."""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rbcl_lite.features import Features
from rbcl_lite.gallery.batch import Batch, as_batch, query_vectors, unique, version_of
from rbcl_lite.gallery.compaction import Compaction, entries
from rbcl_lite.gallery.database import Database
from rbcl_lite.gallery.layout import Limits
from rbcl_lite.gallery.milvus import MilvusGallery
from rbcl_lite.gallery.records import NOBODY, Evidence, Hits, Report, Version
from rbcl_lite.gallery.reporting import report, size_of
from rbcl_lite.gallery.rows import delete, find, find_all, insert, read_versions, replace, write_version
from rbcl_lite.gallery.search import NO_VIEW, Question, search
from rbcl_lite.gallery.segment import Damaged
from rbcl_lite.gallery.snapshot import Snapshot, refreshed
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.gallery.versions import check_comparable, check_declaration, check_known
from rbcl_lite.gallery.where import Time, Where, as_where

_TRIES = 20  # of opening segments that others replace meanwhile


class Gallery(VectorStore):
    """Vectors with the version of the model that made each, in a folder.

    One writer and many readers, in threads and in processes: each search sees one state of the
    gallery, with the whole of a batch or nothing of it. What a method wrote when it returned is on
    disk.

    Args:
        path: folder, made where it is missing; None for a gallery that goes when it is closed.
        dim: coordinates of the vectors; None to open what is there.
        limits: when the index is written, and what kind it is.

    Raises:
        FileNotFoundError: nothing there, and no ``dim``.
        ValueError: another dimension than that of the gallery that is there.

    >>> old = Features(torch.eye(3), ids=[7, 8, 7], cams=[0, 0, 1], model="2024", keys=["a", "b", "c"])
    >>> with Gallery(None, dim=3) as gallery:
    ...     gallery.add(old)
    ...     hits = gallery.search(Features(torch.tensor([[1.0, 0.2, 0.1]]), [7], [0], "2024"), k=2)
    >>> hits.keys.tolist()          # image a is the same person at the same camera
    [['b', 'c']]
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, dim: int | None = None, *, limits: Limits | None = None
    ) -> None:
        if dim is not None and dim < 1:
            raise ValueError(f"dim must be at least 1, got {dim}")
        if path is None and dim is None:
            raise ValueError("a gallery in memory needs dim, the number of coordinates")
        self._temporary = tempfile.TemporaryDirectory(prefix="gallery-") if path is None else None
        self.path = Path(self._temporary.name if self._temporary else path).expanduser()  # type: ignore[arg-type]
        self._database = Database(self.path, dim, durable=path is not None)
        self.dim = self._database.dim
        self._lock = threading.Lock()
        self._snapshot = Snapshot(self.dim)
        self._compaction = Compaction(self.path, self._database, limits or Limits())
        self._now()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Gallery:
        """The gallery in a folder.

        Raises:
            FileNotFoundError: there is none.
        """
        return cls(path)

    @staticmethod
    def connect(url: str, dim: int | None = None, *, name: str = "gallery", token: str = "") -> VectorStore:
        """The gallery behind a server; see :class:`~rbcl_lite.gallery.milvus.MilvusGallery`."""
        return MilvusGallery(url, dim, name=name, token=token)

    @property
    def versions(self) -> Mapping[str, Version]:
        """The registered versions, oldest first."""
        with self._database.read() as connection:
            return {v.name: v for v in read_versions(connection).values()}

    def register(  # noqa: D102
        self, name: str, compatible_with: Mapping[str, Evidence] | None = None, *, note: str = "", force: bool = False
    ) -> None:
        with self._database.write() as connection:
            there = {v.name: v for v in read_versions(connection).values()}
            check_declaration(name, compatible_with or {}, there, force)
            if name not in there:
                write_version(connection, Version(name, dict(compatible_with or {}), note))

    def add(  # noqa: D102
        self, features: Features, *, time: Time | Sequence[Time] | None = None, version: str | None = None
    ) -> None:
        batch = as_batch(features, self.dim, version=version, time=time)
        with self._database.write() as connection:
            if not read_versions(connection):
                write_version(connection, Version(batch.version))
            insert(connection, batch, _number(read_versions(connection), batch))
        self._compact()

    def remove(self, keys: Sequence[str]) -> None:  # noqa: D102
        keys = unique(keys)
        with self._database.write() as connection:
            delete(connection, keys)

    def backfill(self, features: Features, *, version: str | None = None) -> None:  # noqa: D102
        batch = as_batch(features, self.dim, version=version)
        with self._database.write() as connection:
            replace(connection, batch, _number(read_versions(connection), batch))
        self._compact()

    def search(  # noqa: D102
        self,
        features: Features,
        k: int = 10,
        *,
        camera_rule: bool = True,
        where: Where | Mapping[str, object] | None = None,
        exact: bool = False,
        version: str | None = None,
    ) -> Hits:
        if k < 1:
            raise ValueError(f"k must be at least 1 hit, got {k}")
        queries, name, where = query_vectors(features, self.dim), version_of(features, version), as_where(where)
        snapshot, own = self._now(list(features.keys or ()))
        versions = {v.name: v for v in snapshot.versions.values()}
        for asked in where.version or ():
            check_known(str(asked), versions)
        check_known(name, versions)
        check_comparable(name, snapshot.versions_but([name, *versions[name].compatible_with], where), versions)
        views = [NO_VIEW] * len(features)
        if camera_rule and features.cams is not None:
            views = [v if min(v) >= 0 else NO_VIEW for v in zip(features.ids.tolist(), features.cams.tolist())]
        return search(snapshot, Question(queries, k, where, views, own or [0] * len(features), exact))

    def rows(self, where: Where | Mapping[str, object] | None = None) -> pd.DataFrame:  # noqa: D102
        return self._now()[0].table(as_where(where))

    def fetch(self, keys: Sequence[str]) -> Features:  # noqa: D102
        keys = unique(keys)
        with self._database.read() as connection:
            stored = find_all(connection, keys)
            names = read_versions(connection)
            read = "SELECT vector FROM vectors WHERE row = ?"
            vectors = [np.frombuffer(connection.execute(read, (s.row,)).fetchone()[0], "<f4") for s in stored]
        cams = None if any(s.camera == NOBODY for s in stored) else torch.tensor([s.camera for s in stored])
        model = "+".join(dict.fromkeys(names[s.version].name for s in stored))
        matrix = torch.from_numpy(np.stack(vectors)) if vectors else torch.empty(0, self.dim)
        return Features(matrix, torch.tensor([s.person for s in stored], dtype=torch.long), cams, model, keys)

    def report(self) -> Report:  # noqa: D102
        return report(self._now()[0], size_of(self.path))

    def save(self) -> None:  # noqa: D102
        self._compaction.compact(thorough=True)
        self._now()

    def close(self) -> None:  # noqa: D102
        self._database.close()
        if self._temporary:
            self._temporary.cleanup()

    def __len__(self) -> int:
        with self._database.read() as connection:
            return connection.execute("SELECT count(*) FROM rows").fetchone()[0]

    def _now(self, keys: Sequence[str] = ()) -> tuple[Snapshot, list[int]]:
        """The state of the gallery, and in it the rows of these keys, 0 where there is none."""
        reason = ""
        for _ in range(_TRIES):
            try:
                known = self._snapshot  # another thread may exchange it
                if not keys and self._database.state() == (known.generation, known.layout):
                    return known, []
                with self._lock, self._database.read() as connection:
                    self._snapshot = refreshed(self._snapshot, connection, self._compaction.folder)
                    stored = find(connection, keys) if keys else {}
                    return self._snapshot, [stored[k].row if k in stored else 0 for k in keys]
            except Damaged as damaged:
                reason = str(damaged)
                with self._database.read() as connection:
                    listed = any(e.name == damaged.name for e in entries(connection))
                if listed:  # else it was replaced while this call came to open it
                    self._compaction.repair(damaged.name)
        raise OSError(f"the index of the gallery at {self.path} cannot be read though it was written again: {reason}")

    def _compact(self) -> None:
        """Write the index where it is time to; the vectors are safe already."""
        try:
            if self._compaction.due():
                self._compaction.compact()
        except (OSError, ImportError) as error:
            warnings.warn(f"the vectors are stored, but their index was not written: {error}", stacklevel=3)


def _number(versions: dict[int, Version], batch: Batch) -> int:
    check_known(batch.version, {v.name: v for v in versions.values()})
    return next(n for n, v in versions.items() if v.name == batch.version)
