"""Vectors of a command: from a file, or made of images by a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from rbcl_lite.commands.images import reading
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.gallery.gallery import Gallery
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.runs.run import load_run


def open_store(place: str, dim: int | None = None) -> VectorStore:
    """The gallery at a place.

    Args:
        place: a folder.
        dim: coordinates of the vectors, to make it where it is missing.

    Raises:
        FileNotFoundError: there is none, and no ``dim``.
        ValueError: an address.
    """
    if "://" in place:
        raise ValueError(f"{place} is an address; a gallery is a folder")
    return Gallery(place, dim)


@dataclass(kw_only=True)
class Vectors:
    """Where the vectors come from: --features, or --run and its images."""

    features: Path | None = None
    """File of vectors (Features.save)."""
    run_folder: Annotated[Path | None, tyro.conf.arg(name="run")] = None
    """Folder of a finished run, whose model makes the vectors of its images, or of those of --data."""
    data: str | None = None
    """Other images than the run's: a domain, or a folder of crops."""
    table: str | None = None
    """CSV with the columns path, id and, where known, camera and split."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
    part: Literal["test", "validation"] = "test"
    """Which held-out people."""
    version: str | None = None
    """Name of the model's version; by default what the file says, or the name of the run's folder."""

    def read(self, which: Literal["query", "gallery"]) -> tuple[Features, list[ReIDDataset]]:
        """The vectors, and the images that are at hand.

        Args:
            which: side of the held-out images that a run reads.

        Raises:
            ValueError: none of both, or both.
        """
        if (self.features is None) == (self.run_folder is None):
            raise ValueError("name the vectors by --features FILE, or the model that makes them by --run FOLDER")
        if self.features is not None:
            if self.data or self.table or self.pattern:
                raise ValueError("--data, --table and --pattern say which images --run reads, not --features")
            return Features.load(self.features), []
        run = load_run(self.run_folder or "")
        held_out = reading(run.config, self.data, self.table, self.pattern).splits().held_out(self.part)
        side = held_out.query if which == "query" else held_out.gallery
        return run.extract(side), [held_out.query, held_out.gallery]
