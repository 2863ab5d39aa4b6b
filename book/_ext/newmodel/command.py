"""``{command} rbcl-lite train --help``: a command that is run when the book is made, and what it printed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WIDTH = 88  # columns: what fits a page without scrolling


def output(command: str) -> str:
    """What a command of this environment prints, without colours.

    >>> output("python -c 'print(6 * 7)'")
    '42'
    """
    name, *arguments = shlex.split(command)
    program = Path(sys.executable).parent / name
    environment = os.environ | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, env=environment, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"`{command}` ended with status {done.returncode}: {done.stderr}")
    return done.stdout.strip()


class Command(SphinxDirective):
    """The command and its output as one block of text."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Run it."""
        text = f"$ {self.arguments[0]}\n{output(self.arguments[0])}"
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("command", Command)
