"""Finding of the image files under a folder, symbolic links followed."""

from __future__ import annotations

import os
import unicodedata
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm")
OTHERS = (".heic", ".heif", ".avif", ".jp2", ".jxl", ".exr", ".npy", ".npz", ".mat", ".raw", ".dng")
"""Endings of files that may hold images, but are not read."""


def find_images(folder: Path, *, recursive: bool = False) -> list[str]:
    """Names of the image files under a folder, relative to it, sorted; hidden files and other types
    are left out.

    Symbolic links are followed. One that leads back to a folder it lies in is left out, so that no
    walk is endless. A warning names files that look like images of a type that is not read.

    Args:
        folder: where to look.
        recursive: look in the folders below it too.

    Raises:
        FileNotFoundError: a link leads nowhere.
        PermissionError: a folder below may not be read.
        ValueError: there is no image, or one folder is reached in two ways.
    """
    names: list[str] = []
    broken: list[Path] = []
    reached = {folder.resolve(): folder}
    todo = [(folder, "")]
    while todo:
        here, inside = todo.pop()
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    path = here / entry.name
                    if recursive and not _leads_back(path, here):
                        real = path.resolve()
                        if real in reached:
                            both = " and ".join(p.relative_to(folder.parent).as_posix() for p in (reached[real], path))
                            raise ValueError(
                                f"{both} are one folder, reached in two ways: its images would count twice. Remove "
                                f"one of the links below {folder}"
                            )
                        reached[real] = path
                        todo.append((path, f"{inside}{entry.name}/"))
                elif entry.is_file():
                    names.append(inside + entry.name)
                elif entry.is_symlink():
                    broken.append(here / entry.name)
    if broken:
        raise FileNotFoundError(
            f"{len(broken)} links below {folder} lead nowhere, first {broken[0]} -> {broken[0].readlink()}; "
            "remove them, or bring back what they point to"
        )
    ending = {n: os.path.splitext(n)[1].lower() for n in names}
    endings = Counter(ending.values())
    unread = [f"{endings[s]} {s}" for s in OTHERS if endings[s]]
    if unread:
        warnings.warn(f"{folder}: {', '.join(unread)} files are left out; read are {', '.join(SUFFIXES)}", stacklevel=2)
    images = sorted(n for n in names if ending[n] in SUFFIXES)
    if not images:
        where = " there and below" if recursive else " there"
        raise ValueError(f"{folder} holds no image; looked for {', '.join(SUFFIXES)}{where}")
    return images


def say_missing(root: Path, missing: Sequence[str], total: int) -> str:
    """What to say of files that are not there; of a name that is there in another Unicode form, too."""
    first = root / missing[0]
    said = f"{len(missing)} of {total} images are missing, first {first}"
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, missing[0])
        if other != missing[0] and os.path.exists(root / other):
            return f"{said}: its name is there in another Unicode form ({form}); write the names as the folder has them"
    return said


def _leads_back(path: Path, here: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return path.is_symlink() and here.resolve().is_relative_to(path.resolve())
