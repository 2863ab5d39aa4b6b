"""Stored vectors as a training set: upgrades that need no image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from rbcl_lite.data.training_set import Labelled
from rbcl_lite.features import Features


@dataclass(frozen=True)
class StoredVectors(Labelled):
    """N vectors that a model reads in place of images, with the person and the camera of each.

    Args:
        features: the vectors; unit rows, as :class:`~rbcl_lite.features.Features` keeps them.
        name: what they are, for messages.

    >>> import torch
    >>> data = StoredVectors(Features(torch.eye(3), ids=[5, 2, 5]))
    >>> data.labels.tolist(), data.inputs(np.array([2, 0])).shape
    ([1, 0, 1], torch.Size([2, 3]))
    """

    features: Features
    name: str = "stored vectors"
    ids: np.ndarray = field(init=False, repr=False)
    cams: np.ndarray | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        cams = self.features.cams
        object.__setattr__(self, "ids", self.features.ids.cpu().numpy())
        object.__setattr__(self, "cams", None if cams is None else cams.cpu().numpy())

    def __len__(self) -> int:
        return len(self.features)

    @property
    def keys(self) -> Sequence[str] | None:
        """N names, or None."""
        return self.features.keys

    def inputs(self, index: np.ndarray | slice) -> Tensor:
        """[B, D] the vectors at these positions."""
        return self.features.vectors[index]
