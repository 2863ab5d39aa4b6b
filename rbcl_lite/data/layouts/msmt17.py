"""MSMT17 (Wei et al., CVPR 2018) in the layout of its authors, versions 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from rbcl_lite.data.layouts.layout import Entry, Layout, make_listing, read_lines
from rbcl_lite.data.naming import Listing

LISTS = {
    "list_train.txt": ("train", "train"),
    "list_val.txt": ("train", "train"),
    "list_query.txt": ("query", "test"),
    "list_gallery.txt": ("gallery", "test"),
}
"""Part of the images of each list, and whether they lie in the training or in the test folder."""
NAME = re.compile(r"\d+_\d+_(?P<cam>\d+)_")


def reader(train: str, test: str) -> Callable[[Path, bool | None], Listing]:
    """How to read a version of MSMT17, which are told apart by the names of two folders.

    Line ``0000/0000_000_01_0303morning_0008_0.jpg 0`` of a list says: an image of person 0, taken
    by camera 1 (the third number of the name, 1 to 15). Persons count from 0 in the training folder
    and again from 0 in the test folder, where they are other people; so they are called ``train/0``
    and ``test/0``. Person 0 is a person like any other; there is neither junk nor are there
    distractors. ``list_val.txt`` holds further images of the training people: they train too, and
    who is held out for validation is drawn among all training people.

    Args:
        train: name of the folder of the training images.
        test: name of the folder of the test images.
    """
    folders = {"train": train, "test": test}

    def read(root: Path, progress: bool | None = None) -> Listing:
        entries = []
        for name, (part, side) in LISTS.items():
            for number, line in enumerate(read_lines(root / name), start=1):
                path, _, person = line.rpartition(" ")
                found = NAME.match(PurePosixPath(path).name)
                if found is None or not re.fullmatch(r"-1|\d+", person):
                    raise ValueError(
                        f"{root / name}: line {number} is {line!r}, not such as "
                        "'0000/0000_000_01_0303morning_0008_0.jpg 0' (image, person)"
                    )
                who = "-1" if person == "-1" else f"{side}/{int(person)}"
                entries.append(Entry(f"{folders[side]}/{path.strip()}", who, int(found["cam"]), part))
        _check_folders(root, entries)
        return make_listing(entries, str(root))

    return read


def _check_folders(root: Path, entries: list[Entry]) -> None:
    """Raise ValueError where two lists call one person by two numbers, or two people by one.

    The images of a person lie in a folder of their own, so that lists of another release show.
    """
    person_of: dict[str, str] = {}
    folder_of: dict[str, str] = {}
    for entry in entries:
        folder = str(PurePosixPath(entry.path).parent)
        person, other = person_of.setdefault(folder, entry.person), folder_of.setdefault(entry.person, folder)
        if "-1" not in (person, entry.person) and (person, other) != (entry.person, folder):
            raise ValueError(
                f"the lists in {root} do not fit together: {entry.path} is {entry.person}, but {folder} holds {person} "
                f"and {entry.person} lies in {other}; take all four lists from one release"
            )


def _layout(name: str, train: str, test: str) -> Layout:
    return Layout(name, tuple((sign,) for sign in (train, test, *LISTS)), reader(train, test))


MSMT17_V1 = _layout("msmt17-v1", "train", "test")
MSMT17_V2 = _layout("msmt17-v2", "mask_train_v2", "mask_test_v2")
"""The same images with the faces blurred."""
