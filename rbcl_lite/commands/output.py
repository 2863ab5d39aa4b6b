"""Output of commands."""

from __future__ import annotations

import sys


def say(text: object) -> None:
    """One line of output for the person at the terminal."""
    encoding = sys.stdout.encoding or "utf-8"
    line = str(text).encode(encoding, "backslashreplace").decode(encoding)  # a name of any bytes can be shown
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def shown(error: object) -> str:
    """A message as it may stand on a terminal: what a file's name could tell the terminal to do is
    spelled out.

    >>> shown("no image \\x1b[2Jgone.png")
    'no image \\\\x1b[2Jgone.png'
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(error))
