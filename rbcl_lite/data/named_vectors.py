"""Vectors with the names of who, where and which image: what every file of them says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from rbcl_lite.data.identities import FIRST, NUMBER, canonical, check_spellings, is_unknown
from rbcl_lite.features import Features

NOBODY = "-1"
"""Name of the person on an image of nobody in particular."""
COLUMNS = ("keys", "people", "cameras", "splits")
"""What may be known of each vector."""


@dataclass(frozen=True)
class NamedVectors:
    """Vectors of N images; people and cameras by their names, which mean the same in every file.

    Args:
        vectors: [N, D] floating point.
        keys: N image names, or None.
        people: N names of people, ``-1`` for nobody in particular; None where nobody is known.
        cameras: N names of cameras, or None where they are unknown.
        splits: N parts: train, validation-query, validation-gallery, query or gallery; or None.
        model: tag of the model that made them.

    Raises:
        ValueError: a column that has not N fields.
    """

    vectors: Tensor
    keys: Sequence[str] | None = None
    people: Sequence[str] | None = None
    cameras: Sequence[str] | None = None
    splits: Sequence[str] | None = None
    model: str = ""

    def __post_init__(self) -> None:
        for name in COLUMNS:
            column = getattr(self, name)
            if column is not None and len(column) != len(self.vectors):
                raise ValueError(f"{name} has {len(column)} fields for {len(self.vectors)} vectors")

    def rows(self, index: Sequence[int]) -> NamedVectors:
        """Some of the rows."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        kept: dict[str, Any] = {name: None if c is None else [c[i] for i in index] for name, c in columns.items()}
        return replace(self, vectors=self.vectors[list(index)], **kept)


def numbers(names: Iterable[str]) -> dict[str, int]:
    """A number for each name: its own where all are whole numbers, else from 1 in sorted order; -1
    stays -1.

    >>> numbers(["007", "3", "-1"]), numbers(["bo", "anna", "-1", "bo"])
    ({'007': 7, '3': 3, '-1': -1}, {'bo': 2, 'anna': 1, '-1': -1})
    """
    names = dict.fromkeys(names)
    plain = {name: canonical(name) for name in names}
    if all(NUMBER.fullmatch(p) for p in plain.values()):
        return {name: int(p) for name, p in plain.items()}
    order = {p: i for i, p in enumerate(sorted(set(plain.values()) - {NOBODY}), start=1)}
    return {name: order.get(p, -1) for name, p in plain.items()}


def features_of(files: Sequence[NamedVectors], where: Sequence[str]) -> list[Features]:
    """The records of several files, in which a number means the same person and the same camera.

    Args:
        files: what was read.
        where: the name of each file, for messages.

    Raises:
        ValueError: a file without people, a missing name, or one name in two spellings.
    """
    for file, place in zip(files, where):
        if file.people is None:
            raise ValueError(f"{place} does not say who is on the images: it needs a column id")
        for what, column in (("id", file.people), ("camera", file.cameras)):
            missing = [i for i, name in enumerate(column or ()) if is_unknown(name)]
            if missing:
                rows = ", ".join(str(i) for i in missing[:FIRST])
                raise ValueError(
                    f"{place}: no {what} in {len(missing)} of {len(file.vectors)} rows, first row {rows}; write -1 for "
                    "a person who is not known, and leave the column camera out where cameras are not known"
                )
    together = " and ".join(dict.fromkeys(where))
    people = [name for file in files for name in file.people or ()]
    cameras = [name for file in files for name in file.cameras or ()]
    check_spellings(people, "identity", together)
    check_spellings(cameras, "camera", together)
    person, camera = numbers(people), numbers(cameras)
    return [
        Features(
            file.vectors,
            torch.tensor([person[name] for name in file.people or ()]),
            None if file.cameras is None else torch.tensor([camera[name] for name in file.cameras]),
            file.model,
            file.keys,
        )
        for file in files
    ]
