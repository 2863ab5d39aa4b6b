"""How long each notebook took where the book was made, read from the executed copies: below its title, and as a table.

The table is the directive ``{run-times}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def waited(record: dict[str, Any]) -> str:
    """What stands below a chapter's title.

    >>> print(waited({"seconds": 95.2, "scale": "laptop", "machine": "Linux x86_64, 2 cores", "date": "2025-03-01"}))
    Its cells took 1 min 35 s at scale laptop on Linux x86_64, 2 cores, measured on 2025-03-01.
    """
    measured = f", measured on {record['date']}" if "date" in record else ""
    return f"Its cells took {spoken(record['seconds'])} at scale {record['scale']} on {record['machine']}{measured}."


def below_title(app: Sphinx, doctree: nodes.document) -> None:
    """Say below the title of an executed notebook how long it took; a copy that was not executed says nothing."""
    path = Path(app.env.doc2path(app.env.docname))
    heading = doctree.next_node(nodes.title)
    if path.suffix != ".ipynb" or heading is None:
        return
    record = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("rbcl")
    if record is not None:
        line = nodes.paragraph("", waited(record), classes=["run-time"])
        heading.parent.insert(heading.parent.index(heading) + 1, line)


class RunTimes(SphinxDirective):
    """A table of the chapters with the seconds their cells took."""

    def run(self) -> list[nodes.Node]:
        """Read the copies and write a Markdown table."""
        machines, dates, total, rows = set(), set(), 0.0, []
        for path in sorted((Path(self.env.srcdir) / "notebooks").glob("*.ipynb")):
            self.env.note_dependency(str(path))
            notebook = json.loads(path.read_text(encoding="utf-8"))
            record = notebook["metadata"].get("rbcl")
            if record is None:
                continue
            total += record["seconds"]
            dates |= {record["date"]} if "date" in record else set()
            machines.add(f"scale `{record['scale']}` on {record['machine']}")
            rows.append(f"| [{title(notebook)}](/notebooks/{path.name}) | {spoken(record['seconds'])} |")
        lines = ["| chapter | time of its cells |", "| --- | --- |", *rows, f"| all | {spoken(total)} |", ""]
        when = f", {' to '.join(sorted({min(dates), max(dates)}))}" if dates else ""
        lines += [f"Measured at {'; '.join(sorted(machines))}{when}, two notebooks at a time."]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box)
        return box.children


def setup(app: Sphinx) -> None:
    """Register the directive, and connect to the reading of pages."""
    app.connect("doctree-read", below_title)
    app.add_directive("run-times", RunTimes)
