"""Naming of who is on which image, by a CSV table or by the file names."""

from __future__ import annotations

import csv
import posixpath
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from rbcl_lite.data.finding import find_images
from rbcl_lite.data.headings import SPELLINGS, assign, meaning
from rbcl_lite.data.identities import FIRST, NUMBER, check_spellings, is_unknown, known_people

LONGEST = 200
"""Characters of a line that a message shows."""


@dataclass(frozen=True)
class Listing:
    """N images and what is known about each, all strings as the user wrote them; junk is left out.

    Args:
        paths: relative to the folder.
        people: identity of each image.
        cameras: camera of each image, or None where cameras are unknown.
        splits: part that each image belongs to, or None where the parts are to be drawn.
    """

    paths: list[str]
    people: list[str]
    cameras: list[str] | None
    splits: list[str] | None


def find_table(root: Path, table: Path) -> Path:
    """Where the table lies: as it was named, or relative to the folder of the images.

    Raises:
        FileNotFoundError: at neither place.
        ValueError: at both, and they are two files.
    """
    places = [p for p in dict.fromkeys([table, root / table]) if p.is_file()]
    if not places:
        raise FileNotFoundError(f"no table at {table}" + ("" if table.is_absolute() else f", nor at {root / table}"))
    if len(places) > 1 and not places[0].samefile(places[1]):
        raise ValueError(f"{table} could be {places[0].resolve()} or {places[1].resolve()}; give the whole path")
    return places[0]


def from_table(root: Path, table: Path) -> Listing:
    """Paths, identities, cameras and parts of a CSV table; between the fields stand commas, semicolons
    or tabs, whichever the header has.

    Args:
        root: folder that the paths are relative to; the table is looked for here too.
        table: CSV with the columns ``path``, ``id`` and, if known, ``camera`` and ``split``, in
            these or other usual spellings (:data:`~rbcl_lite.data.headings.SPELLINGS`). An empty
            camera or split column is as good as none. Identity 0 is a person; -1 is junk, which is
            left out.

    Returns:
        Listing. A warning names the columns that are not used, and says how many images are junk.

    Raises:
        FileNotFoundError: no table.
        ValueError: no CSV, a column that is missing or there twice, a line with more or fewer
            fields, an empty field, a path that leaves the folder, an image listed twice, one number
            in two spellings.
    """
    path = find_table(root, table)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=_delimiter(first))
            read = [(reader.line_num, [field.strip() for field in line]) for line in reader if line]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no CSV table in UTF-8: {error}; save it as CSV (UTF-8)") from error
    header, lines = (read[0][1], read[1:]) if read else ([], [])
    place = assign(header, str(path))
    lacking = sorted({"path", "id"} - set(place))
    if lacking:
        raise ValueError(
            f"{path} lacks the column {', '.join(lacking)}; it has {', '.join(header) or 'none'}. "
            "The first line must name the columns: path,id,camera,split (camera and split may be left out)"
        )
    if not lines:
        raise ValueError(f"{path} lists no image")
    unused = [heading for heading in header if meaning(heading) is None]
    if unused:
        warnings.warn(
            f"{path}: the columns {', '.join(map(repr, unused))} are not used; one that holds the camera must be "
            "called camera, one that holds the split split",
            stacklevel=3,
        )
    for number, line in lines:
        if len(line) != len(header):
            raise ValueError(
                f"{path}: {len(line)} fields where the header has {len(header)}, in {_shown(line)} "
                f"(line {number}); quote a field that holds a comma, and end a quote"
            )
    columns = {name: [line[i] for _, line in lines] for name, i in place.items()}
    labels = [f"{_shown(line)} (line {number})" for number, line in lines]
    names = [_relative(p, root) for p in columns["path"]]
    outside = [i for i, name in enumerate(names) if name.startswith(("/", "../")) or "\0" in name]
    if outside:
        raise ValueError(
            f"{path}: {len(outside)} of {len(names)} paths leave the folder {root}, first {labels[outside[0]]}; give "
            "the folder that holds all images, and write the paths relative to it"
        )
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if twice:
        raise ValueError(f"{path} lists {len(twice)} images more than once, first {twice[0]}")
    return _listing(names, columns, labels, str(path))


def from_pattern(root: Path, pattern: str) -> Listing:
    """Paths, identities, cameras and parts of all images under a folder, by a regular expression.

    Args:
        root: folder, searched with everything below it.
        pattern: with the group ``id`` and, if known, ``camera`` and ``split``, in these or other
            usual spellings (:data:`~rbcl_lite.data.headings.SPELLINGS`); searched in each path
            relative to ``root``. Identity 0 is a person; -1 is junk, which is left out, and a
            number behind a minus sign has that sign.

    Returns:
        Listing. A warning says how many images are junk.

    Raises:
        ValueError: no regular expression, no group ``id``, another group, no image, a path that
            does not fit, or one number in two spellings.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is no regular expression: {error}") from error
    groups = sorted(compiled.groupindex, key=lambda g: compiled.groupindex[g])
    strange = [g for g in groups if meaning(g) in (None, "path")]
    if strange:
        known = ", ".join(name for m in ("id", "camera", "split") for name in SPELLINGS[m])
        raise ValueError(
            f"pattern {pattern!r} has the group {strange[0]}, which means nothing here; known are {known}. "
            "Write (?:...) around what is not to be read"
        )
    place = assign(groups, f"pattern {pattern!r}")
    if "id" not in place:
        raise ValueError(f"pattern {pattern!r} has no group named id; write (?P<id>...) around the identity")
    names = find_images(root, recursive=True)
    found = [compiled.search(n) for n in names]
    misfits = [n for n, f in zip(names, found) if f is None or not all(f[g] for g in groups)]
    if misfits:
        raise ValueError(
            f"{len(misfits)} of {len(names)} images do not fit pattern {pattern!r}, first {misfits[0]}; "
            "change the pattern, or move other files out of the folder"
        )
    columns = {m: [f[groups[i]] for f in found if f] for m, i in place.items()}
    columns["id"] = [_signed(f, groups[place["id"]]) for f in found if f]
    return _listing(names, columns, names, str(root))


def _listing(names: list[str], columns: dict[str, list[str]], labels: Sequence[str], where: str) -> Listing:
    """What both ways have in common: columns without a value, missing fields, junk."""
    columns = {**columns, "path": names}
    blank = {"camera": _no_camera, "split": lambda field: not field}
    for name, empty in blank.items():
        if name in columns and all(map(empty, columns[name])):
            del columns[name]
    for name, empty in {"path": lambda field: not field, **blank}.items():
        holes = [i for i, field in enumerate(columns.get(name, [])) if empty(field)]
        if holes:
            shown = ", ".join(labels[i] for i in holes[:FIRST])
            raise ValueError(f"{where}: no {name} in {shown} ({len(holes)} such lines)")
    keep = np.flatnonzero(known_people(columns["id"], labels, where)).tolist()
    kept = {name: [fields[i] for i in keep] for name, fields in columns.items()}
    if "camera" in kept:
        check_spellings(kept["camera"], "camera", where)
    return Listing(kept["path"], kept["id"], kept.get("camera"), kept.get("split"))


def _signed(found: re.Match[str], group: str) -> str:
    """The group, with a minus sign that stands before its number and after no letter or digit:
    -1_c1.jpg is junk.
    """
    text, start = found.string, found.start(group)
    minus = found[group].isdecimal() and text[:start].endswith("-") and not text[: start - 1][-1:].isalnum()
    return "-" + found[group] if minus else found[group]


def _shown(line: list[str]) -> str:
    text = ",".join(line)
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def _delimiter(header: str) -> str:
    """What separates the most headings that mean something; a comma where there is a doubt."""
    return max(",;\t", key=lambda d: sum(meaning(h.strip(' "\ufeff\r\n')) is not None for h in header.split(d)))


def _relative(path: str, root: Path) -> str:
    """The path from the folder on, without detours; one that leaves it begins with / or .. then."""
    pure = PurePosixPath(path)
    inside = pure.is_absolute() and pure.is_relative_to(root.as_posix())
    return posixpath.normpath(pure.relative_to(root.as_posix()) if inside else pure) if path else ""


def _no_camera(field: str) -> bool:
    return is_unknown(field) or (NUMBER.fullmatch(field) is not None and float(field) < 0)
