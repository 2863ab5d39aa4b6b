"""Segment of the index: rows in files that are written once, mapped, and derived from the database."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from rbcl_lite.gallery.inverted import Inverted
from rbcl_lite.gallery.part import Part

ABOUT, INDEX, VECTORS = "about.json", "index.faiss", "vectors.f32"
COLUMNS = ("rows", "persons", "cams", "times", "versions")


class Damaged(Exception):
    """A segment that is missing, cut off, or not what the database names.

    Args:
        name: of its folder.
        reason: for a person.
    """

    def __init__(self, name: str, reason: object) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class Names(Sequence[str]):
    """N keys in one mapped array of bytes."""

    def __init__(self, text: np.ndarray, ends: np.ndarray) -> None:
        self._text, self._ends = text, ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        start = 0 if index == 0 else int(self._ends[index - 1])
        return self._text[start : int(self._ends[index])].tobytes().decode()


def write_columns(folder: Path, blocks: Iterable[Part]) -> tuple[int, list[int]]:
    """Write rows to a new folder, block by block.

    Returns:
        number of rows; numbers of the versions among them.
    """
    folder.mkdir(parents=True)
    columns: dict[str, list[np.ndarray]] = {name: [np.empty(0, np.int64)] for name in (*COLUMNS, "ends")}
    end = 0
    with open(folder / VECTORS, "wb") as vectors, open(folder / "keys.bin", "wb") as names:
        for block in blocks:
            vectors.write(block.vectors.tobytes())
            texts = [key.encode() for key in block.keys]
            names.write(b"".join(texts))
            columns["ends"].append(end + np.cumsum([len(t) for t in texts], dtype=np.int64))
            end = int(columns["ends"][-1][-1])
            for name in COLUMNS:
                columns[name].append(getattr(block, name))
    arrays = {name: np.concatenate(some[1:] or some) for name, some in columns.items()}
    arrays["by_person"] = np.argsort(arrays["persons"], kind="stable").astype(np.intp)  # searchsorted copies others
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return len(arrays["rows"]), np.unique(arrays["versions"]).tolist()


def read_vectors(folder: Path, dim: int) -> np.ndarray:
    """[N, D] float32, mapped."""
    path = folder / VECTORS
    if not path.stat().st_size:
        return np.empty((0, dim), np.float32)
    return np.asarray(np.memmap(path, np.float32, mode="r")).reshape(-1, dim)


def publish(temporary: Path, target: Path, about: dict[str, Any]) -> None:
    """Give a written folder its name, when every byte of it is on the disk."""
    about = {**about, "bytes": {f.name: f.stat().st_size for f in sorted(temporary.iterdir())}}
    (temporary / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
    for path in (*temporary.iterdir(), temporary):
        sync(path)
    os.replace(temporary, target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders, and writes their names through
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_segment(folder: Path, dim: int) -> Part:
    """The rows of a segment, mapped.

    Raises:
        Damaged: a file is missing or has another size than when it was written.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        for name, size in about["bytes"].items():
            if (folder / name).stat().st_size != size:
                raise Damaged(folder.name, f"{name} was cut off")
        columns: dict[str, Any] = {name: _mapped(folder / f"{name}.npy") for name in COLUMNS}
        text = np.asarray(np.memmap(folder / "keys.bin", np.uint8, mode="r"))
        keys = Names(text, _mapped(folder / "ends.npy"))
        inverted = None
        if about["trained"]:
            inverted = Inverted.open(folder / INDEX, about["trained"], about["nprobe"])
        return Part(
            **columns,
            keys=keys,
            vectors=read_vectors(folder, dim),
            by_person=_mapped(folder / "by_person.npy"),
            inverted=inverted,
            numbers=frozenset(about["versions"]),
            about=about,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:  # faiss raises RuntimeError
        raise Damaged(folder.name, error) from error


def _mapped(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r"))


def drop(folder: Path) -> None:
    """Delete what no longer belongs to the index; whoever still maps it keeps its pages."""
    shutil.rmtree(folder, ignore_errors=True)
