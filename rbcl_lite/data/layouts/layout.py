"""Layout of a data set: by what a folder is recognised, and what it says of each image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rbcl_lite.data.identities import known_people
from rbcl_lite.data.naming import Listing


class Entry(NamedTuple):
    """One image of a layout.

    Args:
        path: relative to the folder of the data set.
        person: name of the person, the same for all images of this person and for nobody else.
        camera: number, counted from 1 as all these data sets count.
        part: train, query or gallery.
    """

    path: str
    person: str
    camera: int
    part: str


@dataclass(frozen=True)
class Layout:
    """How a data set lies in its folder.

    Args:
        name: as ``--layout`` knows it.
        signs: what must be there, relative to the folder; of each group one suffices.
        read: from the folder, and whether to show a bar, to what it says of each image.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    read: Callable[[Path, bool | None], Listing]

    def lacking(self, root: Path) -> list[str]:
        """The signs that a folder does not show."""
        return [" or ".join(group) for group in self.signs if not any((root / name).exists() for name in group)]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(' or '.join(group) for group in self.signs)})"


def make_listing(entries: Sequence[Entry], where: str) -> Listing:
    """What a layout says of each image; junk, marked by person -1, is left out.

    Args:
        entries: all images.
        where: the folder, for messages.

    Returns:
        Listing with cameras counted from 0. A warning says how many images are junk.

    Raises:
        ValueError: an image that is listed twice, a camera 0, or whatever
            :func:`~rbcl_lite.data.identities.known_people` refuses.
    """
    twice = [path for path, times in Counter(e.path for e in entries).items() if times > 1]
    if twice:
        raise ValueError(f"{where} lists {len(twice)} images more than once, first {twice[0]}")
    uncounted = [e.path for e in entries if e.camera < 1]
    if uncounted:
        raise ValueError(f"{where}: camera 0 of {uncounted[0]} ({len(uncounted)} in all); cameras are counted from 1")
    people = [e.person for e in entries]
    keep = np.flatnonzero(known_people(people, [e.path for e in entries], where)).tolist()
    kept = [entries[i] for i in keep]
    return Listing(
        [e.path for e in kept], [e.person for e in kept], [str(e.camera - 1) for e in kept], [e.part for e in kept]
    )


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that hold something.

    Raises:
        ValueError: no line, or no text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}") from error
    kept = [line.strip() for line in lines if line.strip()]
    if not kept:
        raise ValueError(f"{path} lists no image")
    return kept
