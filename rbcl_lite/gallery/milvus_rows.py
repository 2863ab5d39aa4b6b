"""Rows of a gallery on a Milvus server: read, written, retired and swept out, a request at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbcl_lite.features import Features
from rbcl_lite.gallery.batch import Batch, check_there
from rbcl_lite.gallery.milvus_schema import COLUMNS, FOREVER, LONGEST_KEY, NO_TIME, Client, alive, any_of
from rbcl_lite.gallery.records import NOBODY, Hits

AT_ONCE = 2000
"""Rows, or keys, of one request."""

Row = Mapping[str, Any]
View = tuple[int, int]
"""A person and a camera."""


def count(client: Client, name: str, condition: str) -> int:
    """Number of rows that meet a condition."""
    found = client.query(name, filter=condition, output_fields=["count(*)"], consistency_level="Strong")
    return int(found[0]["count(*)"])


def read(client: Client, name: str, condition: str, fields: Sequence[str]) -> list[Row]:
    """All rows that meet a condition."""
    rows: list[Row] = []
    pages = client.query_iterator(
        name, filter=condition, output_fields=list(fields), batch_size=AT_ONCE, consistency_level="Strong"
    )
    while page := pages.next():
        rows.extend(page)
    pages.close()
    return rows


def find(client: Client, name: str, keys: Sequence[str], generation: int, fields: Sequence[str]) -> dict[str, Row]:
    """The rows of those keys that are there in a generation."""
    found: dict[str, Row] = {}
    for start in range(0, len(keys), AT_ONCE):
        asked = f"{alive(generation)} and {any_of('key', keys[start : start + AT_ONCE])}"
        rows = client.query(name, filter=asked, output_fields=list(fields), consistency_level="Strong")
        found.update({row["key"]: row for row in rows})
    return found


def find_all(client: Client, name: str, keys: Sequence[str], generation: int) -> list[Row]:
    """Everything of the rows of the keys, in their order.

    Raises:
        ValueError: a key that is not there.
    """
    found = find(client, name, keys, generation, ["row", "vector", "born", "died", *COLUMNS])
    check_there(keys, found)
    return [found[k] for k in keys]


def columns(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Persons, cameras and times of rows, as a batch has them."""
    times = np.array([row["time"] for row in rows], np.float64)
    times[times == NO_TIME] = np.nan
    return (
        np.array([row["person"] for row in rows], np.int64),
        np.array([row["camera"] for row in rows], np.int64),
        times,
    )


def insert(client: Client, name: str, batch: Batch, generation: int) -> None:
    """Write rows that come in a generation.

    Raises:
        ValueError: a key that is too long.
    """
    long = [k for k in batch.keys if len(k.encode()) > LONGEST_KEY]
    if long:
        raise ValueError(f"key {long[0][:40] + '…'!r} is longer than {LONGEST_KEY} bytes; nothing was stored")
    times = np.where(np.isnan(batch.times), NO_TIME, batch.times).tolist()
    rows = [
        {
            "row": f"{generation}:{key}",
            "key": key,
            "vector": vector,
            "person": person,
            "camera": camera,
            "time": time,
            "version": batch.version,
            "born": generation,
            "died": FOREVER,
        }
        for key, vector, person, camera, time in zip(
            batch.keys, batch.vectors, batch.persons.tolist(), batch.cams.tolist(), times
        )
    ]
    for start in range(0, len(rows), AT_ONCE):
        client.insert(name, rows[start : start + AT_ONCE])


def retire(client: Client, name: str, rows: Sequence[Row], generation: int) -> None:
    """Write into rows in which generation they go; the server takes whole rows only."""
    gone = [{**row, "died": generation} for row in rows]
    for start in range(0, len(gone), AT_ONCE):
        client.upsert(name, gone[start : start + AT_ONCE])


def delete(client: Client, name: str, condition: str) -> None:
    """Delete the rows that meet a condition."""
    names = [row["row"] for row in read(client, name, condition, ["row"])]
    for start in range(0, len(names), AT_ONCE):
        client.delete(name, ids=names[start : start + AT_ONCE])


def undo(client: Client, name: str, generation: int) -> None:
    """Take back what a change left half done that would have begun the next generation."""
    delete(client, name, f"born > {generation}")
    retired = read(
        client,
        name,
        f"born <= {generation} and died > {generation} and died < {FOREVER}",
        ["row", "vector", "born", "died", *COLUMNS],
    )
    retire(client, name, retired, FOREVER)


def same_views(features: Features, camera_rule: bool) -> dict[View | None, list[int]]:
    """Which queries leave out the same person at the same camera; None for those that leave out nothing."""
    lines: dict[View | None, list[int]] = {}
    known = camera_rule and features.cams is not None
    for i in range(len(features)):
        view = (int(features.ids[i]), int(features.cams[i])) if known else None  # type: ignore[index]
        lines.setdefault(view if view and min(view) >= 0 else None, []).append(i)
    return lines


def no_hits(queries: int, k: int, generation: int) -> Hits:
    """Places for hits, all of them left over."""
    shape = (queries, k)
    keys, versions = np.full(shape, "", object), np.full(shape, "", object)
    scores, times = np.full(shape, -np.inf, np.float32), np.full(shape, np.nan)
    return Hits(keys, scores, np.full(shape, NOBODY), np.full(shape, NOBODY), times, versions, generation)


def put(hits: Hits, line: int, found: Sequence[Mapping[str, Any]]) -> None:
    """Write what the server found for one query into its line."""
    for place, hit in enumerate(found):
        row = hit["entity"]
        hits.keys[line, place], hits.versions[line, place] = row["key"], row["version"]
        hits.scores[line, place] = hit["distance"]
        hits.persons[line, place], hits.cams[line, place] = row["person"], row["camera"]
        if row["time"] != NO_TIME:
            hits.times[line, place] = row["time"]
