"""Folds of Omniglot: which characters train, choose and test, and which hands ask."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rbcl_lite.base.files import write_text
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.data.identities import drawn
from rbcl_lite.data.images import Images
from rbcl_lite.experiments.omniglot.images import Drawings

Part = Literal["test", "validation"]

FOLDS = 5
"""Seed k tests on fold k."""
VALIDATION = 0.2
"""Share of the characters outside the test on which choices are made."""
OLD = 0.25
"""Share of the training characters (across alphabets: of those of its alphabets) that the old model sees."""
ASKING = 0.2
"""Share of a held-out character's hands whose drawings are queries; the others are the gallery."""


@dataclass(frozen=True)
class Fold:
    """Disjoint characters, except that those of the old model may be among those of the new one.

    Args:
        old: the old model's training characters.
        new: the new model's.
        validation: on which weights are chosen.
        test: which the tables report.
    """

    old: list[str]
    new: list[str]
    validation: list[str]
    test: list[str]


def fold(characters: Collection[str], number: int, across: bool = False) -> Fold:
    """The fold of a seed, drawn by hashes of names and dealt out evenly.

    Every character is tested in exactly one of the five folds, so that all of them together report
    the whole set once. The old model sees a quarter of the training characters.

    Args:
        characters: their names, ``ALPHABET/characterNN``.
        number: 0 to 4.
        across: the old model sees other alphabets than the new one. Half of the alphabets, drawn by
            the seed, are the old model's, and it sees a quarter of their characters; those of the
            others are divided as they are without this, so that not every character is tested.

    Raises:
        ValueError: another number, or an alphabet alone where two are needed.

    >>> names = [f"Greek/character{i:02d}" for i in range(1, 25)]
    >>> [len(fold(names, k).test) for k in range(5)]
    [5, 5, 5, 5, 4]
    """
    if number not in range(FOLDS):
        raise ValueError(f"there are {FOLDS} folds, one for each seed from 0 to {FOLDS - 1}, and no fold {number}")
    before: list[str] = []
    if across:
        before, characters = _halves(characters, number)
    dealt = _shuffled(characters, 0, "fold")
    test = dealt[number::FOLDS]
    rest = _shuffled(set(dealt) - set(test), number, "validation")
    held = max(2, round(VALIDATION * len(rest)))
    new = rest[held:]
    known = _shuffled(before or new, number, "old")
    old = known[: max(2, round(OLD * len(known)))]
    return Fold(*(sorted(part) for part in (old, new, rest[:held], test)))


def _halves(characters: Collection[str], seed: int) -> tuple[list[str], list[str]]:
    """The characters of half of the alphabets, and the others."""
    alphabets = _shuffled({c.split("/")[0] for c in characters}, seed, "alphabet")
    if len(alphabets) < 2:
        raise ValueError(f"{alphabets[0]} is the only alphabet; an upgrade across alphabets needs two")
    first = set(alphabets[: len(alphabets) // 2])
    return [c for c in characters if c.split("/")[0] in first], [c for c in characters if c.split("/")[0] not in first]


def _shuffled(names: Collection[str], seed: int, what: str) -> list[str]:
    return sorted(names, key=lambda name: (drawn(seed, what, name), name))


def asking(character: str, hands: Sequence[str]) -> set[str]:
    """The hands whose drawings of a held-out character are queries: a fifth, and at least one.

    >>> len(asking("Greek/character01", [f"Greek {i:02d}" for i in range(1, 21)]))
    4
    """
    shuffled = sorted(hands, key=lambda hand: (drawn(0, "query", character, hand), hand))
    return set(shuffled[: max(1, round(ASKING * len(hands)))])


def fold_images(drawings: Drawings, parts: Fold, model: Literal["old", "new"], part: Part = "test") -> Images:
    """The images of one model on a fold, as a table in the cache folder.

    A table's ``test`` holds the queries and the gallery that were written, so the validation
    characters are asked by the same rule through a table of their own.

    Args:
        drawings: the set.
        parts: of the seed.
        model: whose training characters.
        part: which held-out characters the split calls query and gallery; the others are ``val``.
    """
    asked, other = (parts.test, parts.validation) if part == "test" else (parts.validation, parts.test)
    says = dict.fromkeys(parts.old if model == "old" else parts.new, "train") | dict.fromkeys(other, "val")
    hands: dict[str, list[str]] = {name: [] for name in asked}
    for name, hand in zip(drawings.characters, drawings.hands):
        if name in hands:
            hands[name].append(hand)
    queries = {name: asking(name, drew) for name, drew in hands.items()}
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["path", "id", "camera", "split"])
    for path, name, hand in zip(drawings.paths, drawings.characters, drawings.hands):
        if name in queries:
            out.writerow([path, name, hand, "query" if hand in queries[name] else "gallery"])
        elif name in says:
            out.writerow([path, name, hand, says[name]])
    return Images(str(drawings.root), table=str(_kept(text.getvalue())))


def _kept(text: str) -> Path:
    """A table in the cache folder, named by its content."""
    path = cache_dir().resolve() / "omniglot" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.csv"
    if not path.is_file():
        write_text(path, text)
    return path
