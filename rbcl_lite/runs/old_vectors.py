"""Old model of which only vectors are left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.vector_files import read_vectors
from rbcl_lite.features import Features


@dataclass(frozen=True)
class OldVectors:
    """Old model of which only its vectors are left.

    Args:
        path: file of vectors with keys (:func:`~rbcl_lite.data.vector_files.read_vectors`).
    """

    path: Path

    @property
    def size(self) -> None:
        """It reads no image."""
        return None

    def classifier(self) -> tuple[Tensor, float, list[str]] | None:
        """It has none."""
        return None

    def extract(self, data: ReIDDataset, progress: bool | None = None) -> Features:
        """The stored vectors of these images, in their order.

        Raises:
            ValueError: the file holds no keys, or no vector of some image.
        """
        stored = read_vectors(self.path)
        if stored.keys is None:
            raise ValueError(f"{self.path} holds vectors without keys, so nothing says which image each belongs to")
        place = {key: i for i, key in enumerate(stored.keys)}
        if len(place) != len(stored.keys):
            raise ValueError(f"{self.path} holds a key twice; every image needs one old vector")
        missing = [key for key in data.keys if key not in place]
        if missing:
            raise ValueError(
                f"{self.path} has no vector of {len(missing)} of {len(data)} images, first {missing[0]!r}; it has keys "
                f"such as {stored.keys[0]!r}"
            )
        rows = stored.vectors[[place[key] for key in data.keys]]
        cams = None if data.cams is None else torch.from_numpy(data.cams)
        return Features(rows, torch.from_numpy(data.ids), cams, stored.model or "old", data.keys)
