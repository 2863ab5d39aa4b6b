"""Old model as a function of images: how a model of another code base is brought here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.base.progress import bar
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features

BATCH = 256


@dataclass(frozen=True)
class OldFunction:
    """What an upgrade needs of an old model, from any function that gives vectors.

    It stands wherever a run stands as the old model: in
    :func:`~rbcl_lite.experiments.measure.measure` and :func:`~rbcl_lite.runs.start.make_upgrade`. For
    commands, write its vectors to a file once::

        theirs = their_code.load("checkpoint.pth").eval()                # their network, their loader
        def vectors(images):                                             # uint8 [N, H, W, 3], RGB
            x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
            return theirs((x - MEAN) / STD)                              # their preprocessing
        old = OldFunction(vectors, size=(256, 128), name="deployed")
        splits = Images("crops", pattern=PATTERN).load(scale(), size=old.size, seed=0)
        sides = (splits.train, *(getattr(p, s) for p in (splits.validation, splits.test) for s in ("query", "gallery")))
        Features.concat([old.extract(side) for side in sides]).save("old.safetensors")

    and give ``--old old.safetensors``.

    Args:
        function: from images [N, H, W, 3] uint8 to vectors [N, D], a tensor or an array.
        size: (height, width) of the images that it reads, in pixels.
        name: tag of the vectors.

    >>> from rbcl_lite.data.dataset import ReIDDataset
    >>> crops = ReIDDataset(np.full((3, 8, 4, 3), 50, np.uint8), np.array([1, 1, 2]), None, "abc", "toy")
    >>> old = OldFunction(lambda images: images.reshape(len(images), -1)[:, :2] / 255, size=(8, 4))
    >>> old.extract(crops).vectors.shape
    torch.Size([3, 2])
    """

    function: Callable[[np.ndarray], Tensor | np.ndarray]
    size: tuple[int, int]
    name: str = "old"

    def classifier(self) -> tuple[Tensor, float, list[str]] | None:
        """None that is known here."""
        return None

    def extract(self, data: ReIDDataset, progress: bool | None = None) -> Features:
        """Its vectors of these images, in their order.

        Raises:
            ValueError: images of another size, no images, or not one vector for each image.
        """
        if data.size != self.size:
            raise ValueError(f"{data.name} holds {data.size} images, the old model {self.name} reads {self.size}")
        if not len(data):
            raise ValueError(f"{data.name} holds no images to extract")
        rows = []
        for start in bar(range(0, len(data), BATCH), desc=f"extract {data.name}", enabled=progress):
            images = np.ascontiguousarray(data.images[start : start + BATCH])
            vectors = torch.as_tensor(self.function(images)).detach().float().cpu()
            if vectors.ndim != 2 or len(vectors) != len(images):
                raise ValueError(
                    f"the old model {self.name} gives {list(vectors.shape)} for {len(images)} images, not [N, D]"
                )
            rows.append(vectors)
        cams = None if data.cams is None else torch.from_numpy(data.cams)
        return Features(torch.cat(rows), torch.from_numpy(data.ids), cams, self.name, data.keys)
