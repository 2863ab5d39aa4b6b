"""Output of commands."""

from __future__ import annotations

import sys


def say(text: object) -> None:
    """One line of output for the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
