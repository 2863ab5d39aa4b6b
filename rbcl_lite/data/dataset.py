"""Images with the person, the camera and the name of each, and the disjoint splits that an experiment needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ReIDDataset:
    """N pedestrian crops in memory (or memory-mapped), and what is known about each.

    Args:
        images: [N, H, W, 3] uint8, RGB.
        ids: [N] integer identity.
        cams: [N] integer camera, or None where cameras are unknown.
        keys: N image names.
        name: what the images are, for messages and file names.

    Raises:
        ValueError: a wrong shape or type, or lengths that differ.

    >>> d = ReIDDataset(np.zeros((4, 8, 4, 3), np.uint8), np.array([7, 9, 7, 2]), None, list("abcd"), "toy")
    >>> len(d), d.num_ids, d.labels.tolist()
    (4, 3, [1, 2, 1, 0])
    >>> d.select([7]).keys
    ('a', 'c')
    """

    images: np.ndarray
    ids: np.ndarray
    cams: np.ndarray | None
    keys: Sequence[str]
    name: str

    def __post_init__(self) -> None:
        shape = self.images.shape
        if len(shape) != 4 or shape[3] != 3 or self.images.dtype != np.uint8:
            raise ValueError(f"images must be uint8 [N, H, W, 3], got {self.images.dtype} {list(shape)}")
        for name in ("ids", "cams"):
            values = getattr(self, name)
            if values is None and name == "cams":
                continue
            values = np.asarray(values)
            if values.shape != (shape[0],) or not np.issubdtype(values.dtype, np.integer):
                raise ValueError(f"{name} must be integers [{shape[0]}], got {values.dtype} {list(values.shape)}")
            object.__setattr__(self, name, values.astype(np.int64))
        if len(self.keys) != shape[0]:
            raise ValueError(f"keys has {len(self.keys)} names for {shape[0]} images")
        object.__setattr__(self, "keys", tuple(self.keys))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.images.shape[1]), int(self.images.shape[2])

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
        """The images at these positions as a model reads them: [B, 3, H, W] uint8."""
        return torch.from_numpy(np.ascontiguousarray(self.images[index])).permute(0, 3, 1, 2)

    def subset(self, index: np.ndarray | Sequence[int]) -> ReIDDataset:
        """The images at these positions (integers or a boolean mask)."""
        index = np.asarray(index) if len(index) else np.empty(0, np.int64)  # an empty list has no integer type
        rows = np.arange(len(self))[index]
        cams = None if self.cams is None else self.cams[rows]
        return ReIDDataset(self.images[rows], self.ids[rows], cams, [self.keys[i] for i in rows], self.name)

    def select(self, ids: np.ndarray | Sequence[int]) -> ReIDDataset:
        """All images of these people. An identity without an image raises ValueError."""
        unknown = np.setdiff1d(np.asarray(ids), self.classes)
        if len(unknown):
            raise ValueError(f"{self.name} has no identity {unknown[:5].tolist()}; it holds {self.num_ids} people")
        return self.subset(np.isin(self.ids, np.asarray(ids)))

    def share(self, share: float) -> ReIDDataset:
        """The images of the first ``share`` (0..1] of the people, in ascending order of identity."""
        if not 0 < share <= 1:
            raise ValueError(f"share must lie in (0, 1], got {share}")
        count = max(1, round(share * self.num_ids))
        return self if count == self.num_ids else self.select(self.classes[:count])


@dataclass(frozen=True)
class RetrievalSplit:
    """Queries and the gallery that they search: the same people, different images."""

    query: ReIDDataset
    gallery: ReIDDataset


@dataclass(frozen=True)
class Splits:
    """Training images, and two retrieval tasks on other people: one for choices, one for the table.

    Raises:
        ValueError: a person occurs in two of the three parts.
    """

    train: ReIDDataset
    validation: RetrievalSplit
    test: RetrievalSplit

    def __post_init__(self) -> None:
        people = {
            "train": set(self.train.ids.tolist()),
            "validation": set(self.validation.query.ids.tolist()) | set(self.validation.gallery.ids.tolist()),
            "test": set(self.test.query.ids.tolist()) | (set(self.test.gallery.ids.tolist()) - {0}),
        }
        for a, b in (("train", "validation"), ("train", "test"), ("validation", "test")):
            both = people[a] & people[b]
            if both:
                raise ValueError(
                    f"{a} and {b} share {len(both)} people, for example identity {min(both)}: "
                    "a retrieval result on people seen in training means nothing"
                )

    def held_out(self, part: str) -> RetrievalSplit:
        """The retrieval task of ``validation`` or ``test``.

        Raises:
            ValueError: another word.
        """
        if part not in ("validation", "test"):
            raise ValueError(f"unknown part {part!r}: choose validation or test")
        return self.validation if part == "validation" else self.test
