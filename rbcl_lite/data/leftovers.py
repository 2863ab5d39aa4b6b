"""Leftovers of an interrupted decoding, kept for the next attempt."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rbcl_lite.base.files import replacing, write_text
from rbcl_lite.data.cache import cache_dir

File = tuple[str, int, int]
"""Name, length and modification time."""
CHUNK = 4096
"""Rows that are written at a time."""


@dataclass(frozen=True)
class Leftovers:
    """Decoded rows on disk, one place for each key.

    Args:
        key: what the rows depend on beside their files.
    """

    key: str

    @property
    def path(self) -> Path:
        """The file of the rows; their names stand in a second file beside it."""
        return cache_dir() / "leftovers" / f"{hashlib.sha256(self.key.encode()).hexdigest()[:24]}.npy"

    def fill(self, images: np.ndarray, files: Sequence[File]) -> np.ndarray:
        """Copy the rows whose files did not change.

        Args:
            images: [N, H, W, 3], written to.
            files: N files.

        Returns:
            [N] bool: which rows were filled.
        """
        done = np.zeros(len(files), bool)
        with contextlib.suppress(OSError, ValueError, TypeError):  # none, or a damaged one
            kept = json.loads(self.path.with_suffix(".json").read_text(encoding="utf-8"))
            rows = np.load(self.path, mmap_mode="r")
            if len(rows) == len(kept) and rows.shape[1:] == images.shape[1:]:
                place = {tuple(file): i for i, file in enumerate(kept)}
                for i, file in enumerate(files):
                    if file in place:
                        images[i], done[i] = rows[place[file]], True
        return done

    def keep(self, images: np.ndarray, files: Sequence[File], done: np.ndarray) -> None:
        """Write the rows that are done; where there is no room, the next attempt begins afresh."""
        with contextlib.suppress(OSError):
            self._keep(images, files, done)

    def _keep(self, images: np.ndarray, files: Sequence[File], done: np.ndarray) -> None:
        self.clear()
        rows = np.flatnonzero(done)
        if not len(rows):
            return
        with replacing(self.path) as temporary, temporary.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *images.shape[1:])}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(rows), CHUNK):
                file.write(images[rows[start : start + CHUNK]].tobytes())
        write_text(self.path.with_suffix(".json"), json.dumps([files[i] for i in rows.tolist()]))

    def clear(self) -> None:
        """Remove them."""
        for path in (self.path.with_suffix(".json"), self.path):
            path.unlink(missing_ok=True)
