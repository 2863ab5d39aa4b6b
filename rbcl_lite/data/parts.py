"""Parts of a data set: who trains, asks or is searched, drawn by name or as the user wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit
from rbcl_lite.data.holdout import query_gallery, split_people
from rbcl_lite.data.identities import FIRST

VALUES = {
    "train": ("train", "training", "boundingboxtrain"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
    "query": ("query", "queries", "probe", "testquery"),
    "gallery": ("gallery", "testgallery", "boundingboxtest"),
}
"""What the split of an image may be: small letters without spaces, hyphens and underscores."""


class Asked(NamedTuple):
    """Positions of queries [Q] and of the gallery [G]."""

    query: np.ndarray
    gallery: np.ndarray


class Parts(NamedTuple):
    """Positions of the training images [N], and of those of both retrieval tasks."""

    train: np.ndarray
    validation: Asked
    test: Asked


@dataclass(frozen=True)
class Known:
    """What decides about N images: the name, the person and the camera (or None) of each, and how
    they are split.

    Args:
        keys: N image names.
        people: N identities as the user named them.
        cams: [N] cameras, or None.
        validation: share of the people that is held out for validation.
        test: share of the people that is held out for the test.
        seed: of what is drawn.
        where: the folder or the table, for messages.
    """

    keys: Sequence[str]
    people: Sequence[str]
    cams: np.ndarray | None
    validation: float
    test: float
    seed: int
    where: str

    def rows(self, people: Sequence[str]) -> np.ndarray:
        """Positions of all images of these people."""
        return np.flatnonzero(np.isin(np.asarray(self.people), list(people)))

    def asked(self, rows: np.ndarray) -> Asked:
        """Queries and gallery among these images.

        Raises:
            ValueError: nobody can be searched.
        """
        ids = np.unique([self.people[i] for i in rows.tolist()], return_inverse=True)[1]
        cams = None if self.cams is None else self.cams[rows]
        query, gallery = query_gallery(ids, cams, [self.keys[i] for i in rows.tolist()], self.seed)
        if not len(query):
            need = "two images" if cams is None else "images from two cameras"
            raise ValueError(
                f"none of {len(set(ids.tolist()))} held-out people of {self.where} has {need}: nothing can be "
                "searched. Hold out more people by another share, take another seed, or leave the camera out where "
                "it is not known"
            )
        return Asked(rows[query], rows[gallery])


def retrieval(everyone: ReIDDataset, part: Asked) -> RetrievalSplit:
    """Queries and gallery among these images."""
    return RetrievalSplit(everyone.subset(part.query), everyone.subset(part.gallery))


def drawn_parts(known: Known) -> Parts:
    """Disjoint people for training, validation and test, drawn by name and seed.

    Raises:
        ValueError: see :func:`~rbcl_lite.data.holdout.split_people`; or a part in which nobody can
            be searched.
    """
    train, validation, test = split_people(known.people, [known.validation, known.test], known.seed, known.where)
    return Parts(known.rows(train), known.asked(known.rows(validation)), known.asked(known.rows(test)))


def written_parts(known: Known, splits: Sequence[str]) -> Parts:
    """The parts that the user wrote: train, and either query and gallery, or test.

    Queries are drawn among images of ``test``, and those of ``val`` where it occurs. Where it does
    not, the validation people are drawn from the training people.

    Args:
        known: N images.
        splits: N parts, in one of the spellings of :data:`VALUES`.

    Raises:
        ValueError: an unknown part, one that is missing, a person who is in two of them, a person
            with queries whom nothing in the gallery answers, and whatever :func:`drawn_parts`
            raises.
    """
    spelled = {s: "".join(c for c in s.lower() if c not in " _-") for s in set(splits)}
    means = {s: next((part for part, names in VALUES.items() if t in names), None) for s, t in spelled.items()}
    strange = sorted(s for s, part in means.items() if part is None)
    if strange:
        raise ValueError(
            f"{known.where}: split {strange[0]!r} is not known; write train, val, and query and gallery or test"
        )
    part = np.array([str(means[s]) for s in splits])
    rows = {name: np.flatnonzero(part == name) for name in VALUES}
    given = {name for name, r in rows.items() if len(r)}
    if "train" not in given or not (given >= {"query", "gallery"} or "test" in given):
        raise ValueError(
            f"{known.where}: the split holds {', '.join(sorted(given))}; it needs train, and query and gallery or test"
        )
    if "test" in given and given & {"query", "gallery"}:
        raise ValueError(
            f"{known.where}: the split holds test beside {' and '.join(sorted(given & {'query', 'gallery'}))}; write "
            "query and gallery for all test images, or test for all and the queries are drawn"
        )
    sides = {"train": rows["train"], "validation": rows["validation"]}
    sides["test"] = np.concatenate([rows["test"], rows["query"], rows["gallery"]])
    _check_disjoint(known, sides)
    if "validation" in given:
        train, validation = rows["train"], rows["validation"]
    else:
        names = split_people(
            [known.people[i] for i in rows["train"].tolist()], [known.validation], known.seed, known.where
        )
        train, validation = map(known.rows, names)
    if "test" in given:
        test = known.asked(rows["test"])
    else:
        test = Asked(rows["query"], rows["gallery"])
        _check_searchable(known, test)
    return Parts(train, known.asked(validation), test)


def _check_disjoint(known: Known, sides: dict[str, np.ndarray]) -> None:
    people = {side: {known.people[i] for i in rows.tolist()} for side, rows in sides.items()}
    for a, b in (("train", "test"), ("train", "validation"), ("validation", "test")):
        both = sorted(people[a] & people[b])
        if both:
            raise ValueError(
                f"{known.where}: {len(both)} people are in {a} and in {b} by the split: {', '.join(both[:FIRST])}. A "
                "retrieval result on people seen in training means nothing: give each person one part"
            )


def _check_searchable(known: Known, test: Asked) -> None:
    """Raise ValueError where no query has a positive under the camera rule."""
    cams = np.zeros(len(known.keys), np.int64) if known.cams is None else known.cams
    cameras: dict[str, set[int]] = {}
    for i in test.gallery.tolist():
        cameras.setdefault(known.people[i], set()).add(int(cams[i]))
    own = [set() if known.cams is None else {int(cams[i])} for i in test.query.tolist()]
    if not any(cameras.get(known.people[i], set()) - c for i, c in zip(test.query.tolist(), own)):
        need = "an image" if known.cams is None else "an image from another camera"
        raise ValueError(f"{known.where}: no query has {need} of its person in the gallery: nothing can be searched")
