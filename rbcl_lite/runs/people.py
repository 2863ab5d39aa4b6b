"""People of a run: their names, and whether another run was trained on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.digests import digests
from rbcl_lite.data.identities import canonical
from rbcl_lite.data.images import Images
from rbcl_lite.protocol import TrainingSet

SKETCH = 256
"""Training images by whose bytes a data set is known again: those with the smallest hashes."""


def name_people(images: Images, seed: int, data: TrainingSet) -> list[str]:
    """The name of each person of ``data.classes``; of a drawn person with the domain and the seed.

    Args:
        images: where the data set comes from.
        seed: of the people.
        data: a part of it.
    """
    if images.rendered:
        return [f"{images.data}/{seed}/{i}" for i in data.classes.tolist()]
    assert isinstance(data, ReIDDataset)
    return [canonical(data.name_of(i)) for i in data.classes.tolist()]


@dataclass(frozen=True)
class TrainedOn:
    """Whom a run was trained on.

    Two folders may give one number to two people. So names are compared only where the folders
    share an image, byte by byte; a folder that grew or moved does.

    Args:
        people: names.
        sketch: hashes of some of the images; empty for drawn people, whose names say everything.
    """

    people: tuple[str, ...]
    sketch: tuple[str, ...] = ()

    @classmethod
    def of(cls, images: Images, seed: int, data: ReIDDataset) -> TrainedOn:
        """The record of a training set."""
        sketch = () if images.rendered else tuple(sorted(digests(Path(images.data), data.keys))[:SKETCH])
        return cls(tuple(name_people(images, seed, data)), sketch)

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any] | None) -> TrainedOn | None:
        """From ``run.json``; None where an older version kept no record."""
        return None if not values else cls(tuple(values["people"]), tuple(values["sketch"]))

    def among(self, images: Images, seed: int, splits: Splits, part: str) -> set[str]:
        """The names of the held-out people of ``part`` whom the run was trained on."""
        held_out = splits.held_out(part)
        names = {n for side in (held_out.query, held_out.gallery) for n in name_people(images, seed, side)}
        both = names & set(self.people)
        if not both or images.rendered or not self.sketch:
            return both
        everything = (splits.train, *(s for p in (splits.validation, splits.test) for s in (p.query, p.gallery)))
        here = digests(Path(images.data), [key for side in everything for key in side.keys])
        return both if set(here) & set(self.sketch) else set()


def leave_out(held_out: RetrievalSplit, images: Images, seed: int, people: Collection[str]) -> RetrievalSplit:
    """A retrieval task without some people.

    Raises:
        ValueError: nobody is left.
    """
    if not people:
        return held_out
    kept = [_without(side, name_people(images, seed, side), people) for side in (held_out.query, held_out.gallery)]
    if not all(len(side) for side in kept):
        raise ValueError(
            "every held-out person was a training person of one of the runs: nothing is left to measure on"
        )
    return RetrievalSplit(*kept)


def _without(data: ReIDDataset, names: Iterable[str], people: Collection[str]) -> ReIDDataset:
    keep = [i for i, name in zip(data.classes.tolist(), names) if name not in people]
    return data.select(keep) if keep else data.subset([])
