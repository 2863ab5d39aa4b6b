"""Vectors of a command: from a file, or made of images by a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import tyro

from rbcl_lite.commands.which_images import which_images
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.gallery.gallery import Gallery
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.runs.run import load_run


def open_store(place: str, dim: int | None = None) -> VectorStore:
    """The gallery at a place.

    Args:
        place: a folder, or the address of a Milvus server and the name of a collection
            (``http://host:19530/NAME``; ``gallery`` without a name).
        dim: coordinates of the vectors, to make it where it is missing.

    Raises:
        FileNotFoundError: there is none, and no ``dim``.
        ConnectionError: no server answers at the address.
    """
    if "://" not in place:
        return Gallery(place, dim)
    address = urlsplit(place)
    name = address.path.strip("/") or "gallery"
    return Gallery.connect(f"{address.scheme}://{address.netloc}", dim, name=name)


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
    layout: str | None = None
    """market1501, msmt17-v1, msmt17-v2, cuhk03-detected, cuhk03-labeled or veri776."""
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
            if self.data or self.table or self.pattern or self.layout:
                raise ValueError("--data, --table, --pattern and --layout say which images --run reads, not --features")
            return Features.load(self.features), []
        run = load_run(self.run_folder or "")
        images = which_images(run.config.images, self.data, self.table, self.pattern, self.layout)
        held_out = replace(run.config, images=images).splits().held_out(self.part)
        side = held_out.query if which == "query" else held_out.gallery
        return run.extract(side), [held_out.query, held_out.gallery]
