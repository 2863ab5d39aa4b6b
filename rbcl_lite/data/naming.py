"""Who is on which image: read from a CSV table, or from the file names."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path, PurePosixPath

from rbcl_lite.data.decoding import find_images


def from_table(root: Path, table: Path) -> tuple[list[str], list[str], list[str] | None]:
    """Paths, identities and cameras of a CSV table.

    Args:
        root: folder that the paths are relative to; the table is looked for here too.
        table: CSV with the columns ``path``, ``id`` and, if known, ``camera``. An empty camera column is as good
            as none.

    Returns:
        (N paths, N identities, N cameras or None), all strings as they stand in the table.

    Raises:
        FileNotFoundError: no table.
        ValueError: no CSV, a missing column, a line with more or fewer fields, an empty field, an image listed twice.
    """
    path = table if table.is_file() else root / table
    if not path.is_file():
        raise FileNotFoundError(f"no table at {table}" + ("" if table.is_absolute() else f", nor at {path}"))
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *lines = [[field.strip() for field in line] for line in csv.reader(file) if line] or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no CSV table in UTF-8: {error}") from error
    lacking = sorted({"path", "id"} - set(header))
    if lacking:
        raise ValueError(
            f"{path} lacks the column {', '.join(lacking)}; it has {', '.join(header) or 'none'}. "
            "The first line must name the columns: path,id,camera (camera may be left out)"
        )
    if not lines:
        raise ValueError(f"{path} lists no image")
    for line in lines:
        if len(line) != len(header):
            raise ValueError(
                f"{path}: {len(line)} fields where the header has {len(header)}, in {','.join(line)!r}; "
                "quote a field that holds a comma"
            )
    columns = {name: [line[i] for line in lines] for i, name in enumerate(header)}
    if not any(columns.get("camera", [])):
        columns.pop("camera", None)
    for name in ("path", "id", "camera"):
        holes = [i for i, field in enumerate(columns.get(name, [])) if not field]
        if holes:
            raise ValueError(f"{path}: no {name} in {','.join(lines[holes[0]])!r} ({len(holes)} such lines)")
    names = [PurePosixPath(p).as_posix() for p in columns["path"]]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"{path} lists {len(twice)} images more than once, first {twice[0]}")
    return names, columns["id"], columns.get("camera")


def from_pattern(root: Path, pattern: str) -> tuple[list[str], list[str], list[str] | None]:
    """Paths, identities and cameras of all images under a folder, by a regular expression.

    Args:
        root: folder, searched with everything below it.
        pattern: with the group ``id`` and, if known, ``cam``; searched in each path relative to ``root``.

    Returns:
        (N paths, N identities, N cameras or None), all strings.

    Raises:
        ValueError: no regular expression, no group ``id``, no image, or a path that does not fit.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is no regular expression: {error}") from error
    if "id" not in compiled.groupindex:
        raise ValueError(f"pattern {pattern!r} has no group named id; write (?P<id>...) around the identity")
    names = find_images(root, recursive=True)
    groups = ["id", *(["cam"] if "cam" in compiled.groupindex else [])]
    found = [compiled.search(n) for n in names]
    strange = [n for n, f in zip(names, found) if f is None or not all(f[g] for g in groups)]
    if strange:
        raise ValueError(
            f"{len(strange)} of {len(names)} images do not fit pattern {pattern!r}, first {strange[0]}; "
            "change the pattern, or move other files out of the folder"
        )
    people = [f["id"] for f in found if f]
    return names, people, [f["cam"] for f in found if f] if "cam" in groups else None
