"""``{chapters}``: the list of chapters; ``{chapter-figure}``: a figure taken from an executed one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from newmodel.run_times import title


def read(path: Path) -> dict[str, Any]:
    """A notebook as plain data."""
    return json.loads(path.read_text(encoding="utf-8"))


def questions(lines: Iterable[str]) -> dict[str, str]:
    """Number of a chapter to what is said of it.

    >>> questions(["1: Why?", "12: How, then?"])
    {'1': 'Why?', '12': 'How, then?'}
    """
    return dict(line.split(": ", 1) for line in lines if line.strip())


class Chapters(SphinxDirective):
    """All notebooks in order: title, and the question that each answers, ``NUMBER: QUESTION`` in the content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write a Markdown list."""
        asked, lines = questions(self.content), []
        for path in sorted((Path(self.env.srcdir) / "notebooks").glob("*.ipynb")):
            self.env.note_dependency(str(path))
            number = str(int(path.name.split("_")[0]))
            if number not in asked:
                raise self.error(f"the list of chapters says nothing of chapter {number}")
            lines.append(f"- **[{title(read(path))}](/notebooks/{path.name})** {asked[number]}")
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box)
        return box.children


class ChapterFigure(SphinxDirective):
    """The first image that the cell with this tag put out, with the cell's description as alternative text."""

    required_arguments = 2  # notebook below notebooks/, tag of the cell
    has_content = True  # the caption
    option_spec = {"alt": directives.unchanged, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """Write the image beside the pages and show it."""
        name, tag = self.arguments
        path = Path(self.env.srcdir) / "notebooks" / name
        self.env.note_dependency(str(path))
        cells = [c for c in read(path)["cells"] if tag in c["metadata"].get("tags", [])] if path.exists() else []
        for output in (o for c in cells for o in c.get("outputs", [])):
            for mime, ending in (("image/svg+xml", "svg"), ("image/png", "png")):
                if mime in output.get("data", {}):
                    return self.figure("".join(output["data"][mime]), f"{path.stem}-{tag}.{ending}", cells[0])
        raise self.error(f"no cell of notebooks/{name} with the tag {tag!r} has put out an image")

    def figure(self, data: str, name: str, cell: dict[str, Any]) -> list[nodes.Node]:
        """The figure node for an image's data."""
        target = Path(self.env.srcdir) / "book" / "_figures" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data.encode() if name.endswith("svg") else base64.b64decode(data))
        described = self.options.get("alt") or cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        figure = nodes.figure("", nodes.image(uri=f"/book/_figures/{name}", alt=described))
        figure["classes"] += self.options.get("class", [])
        if self.content:
            box = nodes.container()
            self.state.nested_parse(self.content, self.content_offset, box)
            figure += nodes.caption("", "", *box.children[0].children)
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("chapters", Chapters)
    app.add_directive("chapter-figure", ChapterFigure)
