"""Old model as it lies on disk: used as it is, never trained again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rbcl_lite.base.files import sha256_of
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class GivenOld:
    """What made the stored gallery, named by its content.

    Args:
        path: folder of a finished run, or a file of stored vectors (:meth:`Features.save
            <rbcl_lite.features.Features.save>`) whose keys name the images.
        sha256: of the weights, or of the vectors.
    """

    path: str
    sha256: str

    @classmethod
    def at(cls, path: str | Path) -> GivenOld:
        """The old model at a path.

        Raises:
            FileNotFoundError: nothing there, or a folder without weights: a deployed gallery cannot
                be made again by another training.
        """
        place = Path(path).expanduser().resolve()
        if place.name == WEIGHTS and (place.parent / "run.json").is_file():
            place = place.parent
        file = place / WEIGHTS if place.is_dir() else place
        if not file.is_file():
            lacks = f"the folder has no {WEIGHTS}" if place.is_dir() else "no such file or folder"
            raise FileNotFoundError(
                f"no old model at {place}: {lacks}. Give the folder of a finished run with its weights, or a file of "
                "stored vectors (Features.save); an old model whose gallery is in use is never trained again"
            )
        return cls(str(place), sha256_of(file))

    @property
    def is_run(self) -> bool:
        """Whether it is the folder of a run, rather than a file of vectors."""
        return Path(self.path).is_dir()

    def key(self) -> str:
        """Content address, wherever it lies."""
        return f"given-{self.sha256[:16]}"

    def check(self) -> None:
        """Make sure that it is still what it was when the configuration was made.

        Raises:
            FileNotFoundError: it has gone.
            ValueError: it has changed.
        """
        now = GivenOld.at(self.path)
        if now.sha256 != self.sha256:
            raise ValueError(
                f"the old model at {self.path} has changed (SHA-256 {now.sha256[:12]}…, it was {self.sha256[:12]}…); "
                "put the file back, or train against the one that is there now"
            )


@dataclass(frozen=True)
class OldVectors:
    """Old model of which only its vectors are left.

    Args:
        path: file of :class:`~rbcl_lite.features.Features` with keys.
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
        stored = Features.load(self.path)
        if stored.keys is None:
            raise ValueError(f"{self.path} holds vectors without keys, so nothing says which image each belongs to")
        place = {key: i for i, key in enumerate(stored.keys)}
        if len(place) != len(stored):
            raise ValueError(f"{self.path} holds a key twice; every image needs one old vector")
        missing = [key for key in data.keys if key not in place]
        if missing:
            raise ValueError(
                f"{self.path} has no vector of {len(missing)} of {len(data)} images, first {missing[0]!r}; it has keys "
                f"such as {stored.keys[0]!r}"
            )
        rows = stored[[place[key] for key in data.keys]]
        cams = None if data.cams is None else torch.from_numpy(data.cams)
        return Features(rows.vectors, torch.from_numpy(data.ids), cams, stored.model or "old", data.keys)
