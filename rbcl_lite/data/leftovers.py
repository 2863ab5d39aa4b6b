"""Leftovers of a decoding that was interrupted or killed, kept for the next attempt."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from rbcl_lite.base.files import replacing, write_text
from rbcl_lite.data.cache import cache_dir

File = tuple[str, int, int]
"""Name, length and modification time."""


@dataclass(frozen=True)
class Leftovers:
    """Decoded rows on disk, one place for each key: the array in which a decoding works.

    It is a memory map, so that a data set may be larger than the memory. A record beside it says
    which rows are done, and is written after them: a row that it names is whole, whenever the
    process was killed.

    Args:
        key: what the rows depend on beside their files.
    """

    key: str

    @property
    def path(self) -> Path:
        """The array; the record lies beside it."""
        return cache_dir() / "leftovers" / f"{hashlib.sha256(self.key.encode()).hexdigest()[:24]}.npy"

    @property
    def record(self) -> Path:
        """For each row its file, or nothing where it is not done yet."""
        return self.path.with_suffix(".json")

    def lock(self) -> FileLock:
        """Held by whoever works on the array."""
        lock = cache_dir() / "locks" / f"{self.path.stem}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(lock)

    def resume(self, files: Sequence[File], size: tuple[int, int]) -> tuple[np.memmap, np.ndarray]:
        """The array to work in, with the rows of an earlier attempt whose files did not change.

        Args:
            files: N files.
            size: (height, width) in pixels.

        Returns:
            [N, height, width, 3] uint8 to write to, and [N] bool: which rows are there already.

        Raises:
            OSError: the disk has no room for the array.
        """
        done = np.zeros(len(files), bool)
        shape = (len(files), *size, 3)
        with contextlib.suppress(OSError, ValueError, TypeError):  # none, or a record of something else
            kept = json.loads(self.record.read_text(encoding="utf-8"))
            rows = np.load(self.path, mmap_mode="r+")
            if len(rows) == len(kept) and rows.shape[1:] == shape[1:]:
                place = {tuple(file): i for i, file in enumerate(kept) if file}
                source = np.array([place.get(file, -1) for file in files])
                done = source >= 0
                if len(rows) == len(files) and (source[done] == np.flatnonzero(done)).all():
                    return rows, done
                with self._make(shape) as images:
                    for i in np.flatnonzero(done):
                        images[i] = rows[source[i]]
                    self.record.unlink()  # it is about other rows than those that come now
                return self._open(files, done)
        self.clear()
        with self._make(shape):
            pass
        return self._open(files, np.zeros(len(files), bool))

    def keep(self, images: np.memmap, files: Sequence[File], done: np.ndarray) -> None:
        """Write down which rows are done, after they have reached the disk."""
        done = done.copy()  # others go on decoding
        images.flush()
        write_text(self.record, json.dumps([file if d else None for file, d in zip(files, done.tolist())]))

    def move(self, path: Path) -> None:
        """Give the finished array its place."""
        os.replace(self.path, path)
        self.clear()

    def clear(self) -> None:
        """Remove them."""
        for path in (self.record, self.path):
            path.unlink(missing_ok=True)

    def _open(self, files: Sequence[File], done: np.ndarray) -> tuple[np.memmap, np.ndarray]:
        images = np.load(self.path, mmap_mode="r+")
        self.keep(images, files, done)
        return images, done

    @contextlib.contextmanager
    def _make(self, shape: tuple[int, ...]) -> Iterator[np.memmap]:
        """A new array under the final name when the block ends."""
        with replacing(self.path) as temporary:
            images = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
            try:
                if hasattr(os, "posix_fallocate"):  # a hole that the disk cannot fill would kill the process later
                    with temporary.open("r+b") as file:
                        os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise OSError(
                    errno.ENOSPC,
                    f"no room for {np.prod(shape) / 2**30:.1f} GiB of decoded images in {cache_dir()}; set RBCL_CACHE "
                    "to a folder on a larger disk",
                ) from error
            yield images
            images.flush()
