"""Data set: images with person, camera and name of each, and the splits of an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.data.identities import canonical, drawn
from rbcl_lite.data.rows import Rows, choose
from rbcl_lite.data.training_set import Labelled


@dataclass(frozen=True)
class ReIDDataset(Labelled):
    """N pedestrian crops in memory (or memory-mapped), and what is known about each.

    Integer identities are positions: they number the people of one data set, and change as people
    are added. Where people have names, the name is the identity; compare people of two data sets by
    :attr:`people`.

    Args:
        images: [N, H, W, 3] uint8, RGB; of a large data set on disk those rows of its memory map
            that belong here (:class:`~rbcl_lite.data.rows.Rows`).
        ids: [N] integer identity, from 0.
        cams: [N] integer camera, or None where cameras are unknown.
        keys: N image names.
        name: what the images are, for messages and file names.
        names: name of each integer identity as the user wrote it, or None where people are integers
            only.

    Raises:
        ValueError: a wrong shape or type, lengths that differ, an identity below 0, one without a
            name, or two identities of one name.

    >>> d = ReIDDataset(np.zeros((4, 8, 4, 3), np.uint8), np.array([7, 9, 7, 2]), None, list("abcd"), "toy")
    >>> len(d), d.num_ids, d.labels.tolist()
    (4, 3, [1, 2, 1, 0])
    >>> d.select([7]).keys
    ('a', 'c')
    >>> sorted(d.people)
    ['2', '7', '9']
    """

    images: np.ndarray | Rows
    ids: np.ndarray
    cams: np.ndarray | None
    keys: Sequence[str]
    name: str
    names: Mapping[int, str] | None = field(default=None, repr=False)

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
        below = np.flatnonzero(self.ids < 0)
        if len(below):
            raise ValueError(
                f"{self.name}: identity {self.ids[below[0]]} of image {self.keys[below[0]]!r} ({len(below)} in all) is "
                "below 0. -1 marks junk, which is nobody: leave these images out"
            )
        if self.names is not None:
            nameless = [i for i in self.classes.tolist() if i not in self.names]
            if nameless:
                raise ValueError(f"{self.name}: names has no name for identity {nameless[0]} ({len(nameless)} in all)")
            if len(set(map(canonical, self.names.values()))) < len(self.names):
                raise ValueError(f"{self.name}: names gives two identities one name")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.images.shape[1]), int(self.images.shape[2])

    def inputs(self, index: np.ndarray | slice) -> Tensor:
        """The images at these positions as a model reads them: [B, 3, H, W] uint8."""
        return torch.from_numpy(np.ascontiguousarray(self.images[index])).permute(0, 3, 1, 2)

    def name_of(self, identity: int) -> str:
        """The name of an integer identity: as the user wrote it, or its decimal digits."""
        return str(int(identity)) if self.names is None else self.names[int(identity)]

    @property
    def people(self) -> frozenset[str]:
        """The names of the people who occur, to be compared with those of another data set or run.

        A whole number stands in plain decimal, so that 007 in one table and 7 in another are one
        person.
        """
        return frozenset(canonical(self.name_of(i)) for i in self.classes.tolist())

    def subset(self, index: np.ndarray | Sequence[int]) -> ReIDDataset:
        """The images at these positions (integers or a boolean mask)."""
        index = np.asarray(index) if len(index) else np.empty(0, np.int64)  # an empty list has no integer type
        rows = np.arange(len(self))[index]
        cams = None if self.cams is None else self.cams[rows]
        keys = [self.keys[i] for i in rows]
        return replace(self, images=choose(self.images, rows), ids=self.ids[rows], cams=cams, keys=keys)

    def select(self, ids: np.ndarray | Sequence[int]) -> ReIDDataset:
        """All images of these people. An identity without an image raises ValueError."""
        unknown = np.setdiff1d(np.asarray(ids), self.classes)
        if len(unknown):
            raise ValueError(f"{self.name} has no identity {unknown[:5].tolist()}; it holds {self.num_ids} people")
        return self.subset(np.isin(self.ids, np.asarray(ids)))

    def share(self, share: float) -> ReIDDataset:
        """The images of a share (0..1] of the people; a larger share holds the smaller one.

        Integer identities: the first in ascending order. Named people: drawn by name, so that a
        person's place does not depend on who else is there; the share then holds in expectation.
        """
        if not 0 < share <= 1:
            raise ValueError(f"share must lie in (0, 1], got {share}")
        if self.names is not None:
            order = sorted(self.classes.tolist(), key=lambda i: drawn(0, "share", self.name_of(i)))
            taken = [i for i in order if drawn(0, "share", self.name_of(i)) < share] or order[:1]
            return self if len(taken) == self.num_ids else self.select(taken)
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

    Identity 0 in the test gallery is nobody (Market-1501's distractors), unless people have names.

    Raises:
        ValueError: a person occurs in two of the three parts.
    """

    train: ReIDDataset
    validation: RetrievalSplit
    test: RetrievalSplit

    def __post_init__(self) -> None:
        gallery = self.test.gallery
        nobody = {"0"} if gallery.names is None else set()
        people = {
            "train": self.train.people,
            "validation": self.validation.query.people | self.validation.gallery.people,
            "test": self.test.query.people | (gallery.people - nobody),
        }
        for a, b in (("train", "validation"), ("train", "test"), ("validation", "test")):
            both = people[a] & people[b]
            if both:
                first = min(both, key=lambda name: (len(name), name))
                raise ValueError(
                    f"{a} and {b} share {len(both)} people, for example identity {first}: "
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
