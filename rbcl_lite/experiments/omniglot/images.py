"""Omniglot as a folder: handwritten characters, the hands that drew them, and a digest that knows the set again."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rbcl_lite.data.digests import digests
from rbcl_lite.data.naming import from_pattern

PATTERN = r"(?:^|/)(?P<id>[^/]+/character\d+)/\d+_(?P<camera>\d+)\.png$"
"""``ALPHABET/characterNN/NNNN_HH.png``: the character is the identity, HH the hand that drew it."""
HOW = (
    "Omniglot (Lake et al. 2015) comes by torchvision.datasets.Omniglot(root, download=True); give --data that root, "
    "or any folder that holds ALPHABET/characterNN/NNNN_HH.png"
)
FEWEST = 10
"""Characters from which five folds can be made."""


@dataclass(frozen=True)
class ImageSet:
    """Which images a result was measured on, wherever they lie.

    Args:
        digest: of the names and the bytes of all images.
        characters: how many.
        images: how many.
    """

    digest: str
    characters: int
    images: int

    def __str__(self) -> str:
        return f"{self.characters} characters, {self.images} images (digest {self.digest})"


@dataclass(frozen=True)
class Drawings:
    """Every image of the set once.

    Args:
        root: the folder.
        paths: N paths below it.
        characters: N names such as ``Greek/character01``.
        hands: N names such as ``Greek 07``: the hands are numbered within an alphabet.
        about: which set it is.
    """

    root: Path
    paths: list[str]
    characters: list[str]
    hands: list[str]
    about: ImageSet


def read_drawings(folder: str | Path) -> Drawings:
    """The images below a folder, sorted by character and hand.

    An image that lies there twice under one name, as in unzipped parts that overlap, counts once.

    Args:
        folder: holds ``ALPHABET/characterNN/NNNN_HH.png`` somewhere below.

    Raises:
        FileNotFoundError: no such folder; the message says where a reader gets the images.
        ValueError: other images, two different ones of one name, too few characters, or one drawn
            by a single hand.
    """
    root = Path(folder).expanduser().resolve()
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}. {HOW}")
    try:
        listing = from_pattern(root, PATTERN)
    except ValueError as error:
        raise ValueError(f"{root} does not hold Omniglot: {error}. {HOW}") from error
    assert listing.cameras is not None
    drawn: dict[tuple[str, str], tuple[str, str]] = {}
    found = zip(listing.people, listing.cameras, listing.paths, digests(root, listing.paths))
    for character, hand, path, content in sorted(found):
        first, known = drawn.setdefault((character, f"{character.split('/')[0]} {hand}"), (path, content))
        if known != content:
            raise ValueError(
                f"{root} holds two different images of {character} by hand {hand}: {first} and {path}; remove one"
            )
    by_character = Counter(character for character, _ in drawn)
    if len(by_character) < FEWEST:
        raise ValueError(f"{root} holds {len(by_character)} characters; five folds need at least {FEWEST}. {HOW}")
    alone = sorted(character for character, hands in by_character.items() if hands < 2)
    if alone:
        raise ValueError(f"{alone[0]} below {root} is drawn by one hand: nothing in a gallery could answer it")
    lines = [f"{character}\t{hand}\t{content}" for (character, hand), (_, content) in drawn.items()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return Drawings(
        root,
        [path for path, _ in drawn.values()],
        [character for character, _ in drawn],
        [hand for _, hand in drawn],
        ImageSet(digest, len(by_character), len(drawn)),
    )
