"""Stored vectors as a training set: upgrades that need no image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from rbcl_lite.features import Features


@dataclass(frozen=True)
class StoredVectors:
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

    def __len__(self) -> int:
        return len(self.features)

    @property
    def ids(self) -> np.ndarray:
        """[N] identity."""
        return self.features.ids.cpu().numpy()

    @property
    def cams(self) -> np.ndarray | None:
        """[N] camera, or None where cameras are unknown."""
        return None if self.features.cams is None else self.features.cams.cpu().numpy()

    @property
    def keys(self) -> Sequence[str] | None:
        """N names, or None."""
        return self.features.keys

    @property
    def classes(self) -> np.ndarray:
        """[C] the identities that occur, ascending."""
        return np.unique(self.ids)

    @property
    def num_ids(self) -> int:
        """Number of people C."""
        return len(self.classes)

    @property
    def labels(self) -> np.ndarray:
        """[N] position of each identity in :attr:`classes`: 0..C-1."""
        return np.searchsorted(self.classes, self.ids)

    def inputs(self, index: np.ndarray | slice) -> Tensor:
        """[B, D] the vectors at these positions."""
        return self.features.vectors[index]
