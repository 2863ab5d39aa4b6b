"""Training set: what learners, methods and models need of the inputs, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from torch import Tensor


class TrainingSet(Protocol):
    """N training inputs and what is known about each: images of people, or stored vectors.

    :class:`~rbcl_lite.data.dataset.ReIDDataset` and
    :class:`~rbcl_lite.data.stored_vectors.StoredVectors` are such sets. ``cams`` is None where
    cameras are unknown.
    """

    @property
    def ids(self) -> np.ndarray: ...  # noqa: D102 - [N] identity
    @property
    def cams(self) -> np.ndarray | None: ...  # noqa: D102 - [N] camera
    @property
    def keys(self) -> Sequence[str] | None: ...  # noqa: D102 - N names
    @property
    def name(self) -> str: ...  # noqa: D102 - for messages
    @property
    def classes(self) -> np.ndarray: ...  # noqa: D102 - [C] identities, ascending
    @property
    def num_ids(self) -> int: ...  # noqa: D102 - C
    @property
    def labels(self) -> np.ndarray: ...  # noqa: D102 - [N] position of each identity in classes
    def __len__(self) -> int: ...
    def inputs(self, index: np.ndarray | slice) -> Tensor: ...  # noqa: D102 - [B, ...] rows that a model reads


class Labelled:
    """Classes and labels of a set with identities: what every training set derives from them alike."""

    ids: np.ndarray  # [N]

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
