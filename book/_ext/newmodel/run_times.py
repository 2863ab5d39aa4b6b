"""``{run-times}``: how long each notebook took where the book was made, read from the executed copies."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def spoken(seconds: float) -> str:
    """A time as a reader says it.

    >>> spoken(4.2), spoken(95)
    ('4 s', '1 min 35 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def title(notebook: dict) -> str:
    """The first heading of a notebook."""
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return "untitled"


class RunTimes(SphinxDirective):
    """A table of the chapters with the seconds their cells took."""

    def run(self) -> list[nodes.Node]:
        """Read the copies and write a Markdown table."""
        machines, total, rows = set(), 0.0, []
        for path in sorted((Path(self.env.srcdir) / "notebooks").glob("*.ipynb")):
            self.env.note_dependency(str(path))
            notebook = json.loads(path.read_text(encoding="utf-8"))
            record = notebook["metadata"].get("rbcl")
            if record is None:
                continue
            total += record["seconds"]
            machines.add(f"scale `{record['scale']}` on {record['machine']}")
            rows.append(f"| [{title(notebook)}](/notebooks/{path.name}) | {spoken(record['seconds'])} |")
        lines = ["| chapter | time of its cells |", "| --- | --- |", *rows, f"| all | {spoken(total)} |", ""]
        lines += [f"Measured at {'; '.join(sorted(machines))}, two notebooks at a time."]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box)
        return box.children


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("run-times", RunTimes)
