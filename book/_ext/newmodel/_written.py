"""Directives whose text is Markdown that they write from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class Written(SphinxDirective):
    """A directive that says its lines, which the page's parser reads as if they stood there."""

    def lines(self) -> list[str]:
        """The Markdown."""
        raise NotImplementedError

    def read(self, path: Path) -> dict[str, Any]:
        """A JSON file; the page is written anew when it changes."""
        self.env.note_dependency(str(path))
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def run(self) -> list[nodes.Node]:
        """Let the parser read the lines, headings included."""
        box = nodes.container()
        text = StringList(self.lines(), source=self.get_source_info()[0])
        self.state.nested_parse(text, self.content_offset, box, match_titles=True)
        return box.children
