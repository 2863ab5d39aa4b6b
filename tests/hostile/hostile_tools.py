"""What hostile tests look at: files, messages and results."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from rbcl_lite.commands.cli import main


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def holds(said: str, expected: str) -> bool:
    """Whether the parts of what is expected, between the @, occur in this order."""
    place = 0
    for part in expected.split("@"):
        place = said.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def matrix(*arguments: object) -> list[str]:
    """What evaluate prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main(["evaluate", *map(str, arguments)])
    return out.getvalue().splitlines()
