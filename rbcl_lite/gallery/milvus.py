"""Gallery behind a Milvus server: the same store, for more vectors than one machine holds.

A server replaces one row at once and many rows one after the other, so that a batch could be seen
half replaced. Vectors here are therefore never overwritten: each row says in which generation it
came and, once it is replaced, in which it went. A search looks at one generation, and which one
counts is a row of its own (:mod:`rbcl_lite.gallery.milvus_schema`). What a killed writer left half
done belongs to a generation that never began; the next change takes it back.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch

from rbcl_lite.features import Features
from rbcl_lite.gallery import milvus_rows
from rbcl_lite.gallery.batch import as_batch, check_new, query_vectors, unique, version_of
from rbcl_lite.gallery.milvus_index import build_index, fitting, read_index
from rbcl_lite.gallery.milvus_schema import (
    COLUMNS,
    NO_TIME,
    Change,
    State,
    alive,
    any_of,
    condition,
    connect,
    make_collections,
    read_state,
    write_state,
)
from rbcl_lite.gallery.records import NOBODY, Evidence, Hits, Report, Version
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.gallery.versions import check_comparable, check_declaration, check_known
from rbcl_lite.gallery.where import Time, Where, as_where

TIMEOUT = 30.0  # seconds that a request may take
GRACE = 2 * TIMEOUT  # seconds that rows stay after they went: a search that began before still finds them
MOST = 16_383  # hits that a server gives
SAMPLE = 100  # queries by which the recall of an index is measured


class MilvusGallery(VectorStore):
    """Vectors with the version of the model that made each, behind a server.

    One writer and many readers, wherever they run; that there is one writer is yours to see to.
    Rows that were replaced or removed stay on the server for a minute, and until the next change.

    Args:
        url: of the server, ``http://host:19530``.
        dim: coordinates of the vectors; None to open what is there.
        name: of the collection: letters, digits and underscores.
        token: ``user:password``, where the server asks for one.
        shards: logs over which a cluster spreads writes; fixed when the collection is made.

    Raises:
        ImportError: pymilvus is missing.
        ConnectionError: no server answers there.
        FileNotFoundError: no such collection, and no ``dim``.
        ValueError: another dimension than that of the collection.
    """

    def __init__(
        self, url: str, dim: int | None = None, *, name: str = "gallery", token: str = "", shards: int = 1
    ) -> None:
        self.url, self.name = url, name
        self._client = connect(url, token, TIMEOUT)
        self.dim = make_collections(self._client, url, name, dim, shards)
        self._index = read_index(self._client, name)
        self._clean = False  # whether the last change is known to have ended

    @property
    def versions(self) -> Mapping[str, Version]:
        """The registered versions, oldest first."""
        return read_state(self._client, self.name).versions

    def register(  # noqa: D102
        self, name: str, compatible_with: Mapping[str, Evidence] | None = None, *, note: str = "", force: bool = False
    ) -> None:
        known = self.versions
        check_declaration(name, compatible_with or {}, known, force)
        if name not in known:
            with self._change() as change:
                change.versions[name] = Version(name, dict(compatible_with or {}), note)

    def add(  # noqa: D102
        self, features: Features, *, time: Time | Sequence[Time] | None = None, version: str | None = None
    ) -> None:
        batch = as_batch(features, self.dim, version=version, time=time)
        with self._change() as change:
            if not change.versions:
                change.versions[batch.version] = Version(batch.version)
            check_known(batch.version, change.versions)
            check_new(batch.keys, milvus_rows.find(self._client, self.name, batch.keys, change.before, ["key"]))
            milvus_rows.insert(self._client, self.name, batch, change.generation)

    def remove(self, keys: Sequence[str]) -> None:  # noqa: D102
        keys = unique(keys)
        with self._change() as change:
            stored = milvus_rows.find_all(self._client, self.name, keys, change.before)
            milvus_rows.retire(self._client, self.name, stored, change.generation)

    def backfill(self, features: Features, *, version: str | None = None) -> None:  # noqa: D102
        batch = as_batch(features, self.dim, version=version)
        with self._change() as change:
            check_known(batch.version, change.versions)
            stored = milvus_rows.find_all(self._client, self.name, batch.keys, change.before)
            batch = batch.in_place_of(*milvus_rows.columns(stored))
            milvus_rows.insert(self._client, self.name, batch, change.generation)
            milvus_rows.retire(self._client, self.name, stored, change.generation)

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
        if not 1 <= k <= MOST:
            raise ValueError(f"k must be at least 1 hit, and at most {MOST} from a server; got {k}")
        queries, name, where = query_vectors(features, self.dim), version_of(features, version), as_where(where)
        state = read_state(self._client, self.name)
        asked = condition(where, state.generation)
        self._check(name, where, state.versions, asked)
        hits = milvus_rows.no_hits(len(features), k, state.generation)
        for view, lines in milvus_rows.same_views(features, camera_rule).items():
            rule = "" if view is None else f" and not (person == {view[0]} and camera == {view[1]})"
            found = self._nearest(queries[lines], asked + rule, k + 1, exact)  # one more: an image never finds itself
            for line, candidates in zip(lines, found):
                own = None if features.keys is None else features.keys[line]
                milvus_rows.put(hits, line, [c for c in candidates if c["entity"]["key"] != own][:k])
        return hits

    def rows(self, where: Where | Mapping[str, object] | None = None) -> pd.DataFrame:  # noqa: D102
        asked = condition(as_where(where), read_state(self._client, self.name).generation)
        found = milvus_rows.read(self._client, self.name, asked, COLUMNS)
        table = pd.DataFrame([{c: row[c] for c in COLUMNS} for row in found], columns=COLUMNS)
        table["time"] = table["time"].astype(float).where(table["time"] != NO_TIME)
        return table

    def fetch(self, keys: Sequence[str]) -> Features:  # noqa: D102
        keys = unique(keys)
        stored = milvus_rows.find_all(self._client, self.name, keys, read_state(self._client, self.name).generation)
        persons, cams, _ = map(torch.from_numpy, milvus_rows.columns(stored))
        matrix = torch.from_numpy(np.array([row["vector"] for row in stored], np.float32).reshape(-1, self.dim))
        model = "+".join(dict.fromkeys(row["version"] for row in stored))
        return Features(matrix, persons, None if bool((cams == NOBODY).any()) else cams, model, keys)

    def report(self) -> Report:  # noqa: D102
        state = read_state(self._client, self.name)
        table = self.rows()
        versions = {name: int((table["version"] == name).sum()) for name in state.versions}
        cams, counts = np.unique(table["camera"].to_numpy(np.int64), return_counts=True)
        size = len(table) * (4 * self.dim + 8 * 5) + int(table["key"].str.len().sum())  # what the rows hold
        recall = 1.0 if self._index.exact else state.recall
        cameras, index = dict(zip(cams.tolist(), counts.tolist())), f"Milvus {self._index}"
        return Report(len(table), self.dim, versions, cameras, index, recall, 0, 0, size, state.generation)

    def save(self) -> None:
        """Write everything out on the server, and change to the index that fits the size; its
        recall is measured then.
        """
        with self._change():
            self._client.flush(self.name)
        wanted = fitting(len(self))
        if wanted != self._index:
            build_index(self._client, self.name, wanted)
            self._index = wanted
        if not wanted.exact:
            with self._change(recall=self._recall()):
                pass

    def close(self) -> None:  # noqa: D102
        self._client.close()

    def __len__(self) -> int:
        return self._count(alive(read_state(self._client, self.name).generation))

    @contextmanager
    def _change(self, recall: float | None = None) -> Iterator[Change]:
        """A change that counts when the block ends, or never where it fails."""
        state = read_state(self._client, self.name)
        if not self._clean:
            milvus_rows.undo(self._client, self.name, state.generation)
        self._clean = False
        change = Change(state.generation, dict(state.versions))
        yield change
        now = clock.time()
        settled = [s for s in state.since if now - s[1] >= GRACE]
        lately = [*settled[-1:], *(s for s in state.since if now - s[1] < GRACE), (change.generation, now)]
        new = State(change.generation, change.versions, lately, state.recall if recall is None else recall)
        write_state(self._client, self.name, new)
        self._clean = True
        if settled:
            milvus_rows.delete(self._client, self.name, f"died <= {settled[-1][0]}")

    def _check(self, name: str, where: Where, versions: Mapping[str, Version], asked: str) -> None:
        """Make sure that queries of a version may be compared with everything that is looked at."""
        for one in where.version or ():
            check_known(str(one), versions)
        check_known(name, versions)
        strange = [v for v in versions if v != name and v not in versions[name].compatible_with]
        check_comparable(name, [v for v in strange if self._count(f"{asked} and {any_of('version', [v])}")], versions)

    def _count(self, asked: str) -> int:
        return milvus_rows.count(self._client, self.name, asked)

    def _nearest(self, queries: np.ndarray, asked: str, limit: int, exact: bool) -> list[list[milvus_rows.Row]]:
        """What the server finds for each query."""
        params = {"metric_type": "IP", "params": self._index.parameters(exact)}
        return self._client.search(
            self.name,
            data=queries.tolist(),
            filter=asked,
            limit=limit,
            output_fields=COLUMNS,
            search_params=params,
            consistency_level="Strong",
        )

    def _recall(self) -> float:
        """Share of the ten nearest vectors that the index finds, on a sample of the gallery."""
        generation = read_state(self._client, self.name).generation
        keys = self.rows()["key"].sample(SAMPLE, random_state=0).tolist()
        queries = self.fetch(keys).vectors.numpy()
        found, true = (
            [{hit["entity"]["key"] for hit in hits} for hits in self._nearest(queries, alive(generation), 10, exact)]
            for exact in (False, True)
        )
        return float(np.mean([len(a & b) / len(b) for a, b in zip(found, true)]))
