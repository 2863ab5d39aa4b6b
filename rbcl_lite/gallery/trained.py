"""Centres of the inverted file: trained once on the gallery, shared by all of its segments."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rbcl_lite.gallery.inverted import assign, fill, measure, need_faiss, train
from rbcl_lite.gallery.segment import ABOUT, INDEX, drop, publish, read_vectors


@dataclass(frozen=True)
class Centres:
    """An inverted file that holds nothing.

    Args:
        index: of faiss; every call of :func:`read_centres` gives another one.
        trained_on: how many vectors the gallery had.
    """

    index: Any
    trained_on: int


def write_centres(folder: Path, segment: Path, dim: int) -> str:
    """Train centres on the vectors of a segment.

    Args:
        folder: of the index.
        segment: written columns.
        dim: coordinates.

    Returns:
        Name of the folder that holds them.
    """
    vectors, name = read_vectors(segment, dim), f"centres-{secrets.token_hex(8)}"
    temporary = folder / f"{name}.tmp"
    try:
        temporary.mkdir()
        need_faiss().write_index(train(vectors), str(temporary / INDEX))
        publish(temporary, folder / name, {"trained_on": len(vectors)})
    finally:
        drop(temporary)
    return name


def read_centres(folder: Path) -> Centres | None:
    """The centres in a folder, or None where they are missing or damaged."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return Centres(need_faiss().read_index(str(folder / INDEX)), about["trained_on"])
    except (OSError, ValueError, KeyError, RuntimeError):
        return None


def add_index(centres: Path, segment: Path, replaced: Sequence[Path], dim: int, target: float) -> dict[str, Any]:
    """Write the inverted file of a segment, and measure it.

    Args:
        centres: folder of the centres.
        segment: written columns.
        replaced: segments that held these rows before; where their centres are the same, so is the
            list of a row.
        dim: coordinates.
        target: recall to reach.

    Returns:
        What is known of it: nprobe, recall, lists, code.
    """
    given = read_centres(centres)
    if given is None:
        raise OSError(f"the centres in {centres} are damaged")
    vectors, rows, index = read_vectors(segment, dim), np.load(segment / "rows.npy"), given.index
    places = np.full(len(rows), -1, np.int32)
    for folder in replaced:
        try:
            if json.loads((folder / ABOUT).read_text(encoding="utf-8"))["trained"] == centres.name:
                _, here, there = np.intersect1d(rows, np.load(folder / "rows.npy"), True, return_indices=True)
                places[here] = np.load(folder / "lists.npy")[there]
        except (OSError, ValueError, KeyError):
            continue  # a damaged segment: its rows choose again
    new = np.flatnonzero(places < 0)
    places[new] = assign(index, vectors if len(new) == len(rows) else vectors[new])
    fill(index, vectors, places)
    np.save(segment / "lists.npy", places)
    need_faiss().write_index(index, str(segment / INDEX))
    nprobe, recall = measure(index, vectors, target)
    return {"nprobe": nprobe, "recall": recall, "lists": index.nlist, "code": f"{8 * index.code_size // dim} bit"}
