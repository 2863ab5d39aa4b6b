"""Block quotes that open with a bold word become boxes, so that notebooks need plain Markdown only.

``> **Trap.** …`` stays a readable quote in Jupyter, on Colab and on GitHub; the book gives it the class ``box trap``.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

KINDS = ("trap", "our reading", "take-away", "note", "exercise", "in short", "definition")


def kind_of(text: str) -> str | None:
    """The box that a bold opening stands for.

    >>> kind_of("Trap · the camera rule."), kind_of("Our reading."), kind_of("Otherwise")
    ('trap', 'our-reading', None)
    """
    opening = re.split(r"[.:·—]", text.strip().lower())[0].strip()
    return opening.replace(" ", "-") if opening in KINDS else None


def mark_boxes(app: Sphinx, doctree: nodes.document) -> None:
    """Give every such quote its classes and tell assistive software that it is a note."""
    for quote in doctree.findall(nodes.block_quote):
        first = quote.next_node(nodes.paragraph)
        bold = next((c for c in first.children if c.astext().strip()), None) if first is not None else None
        kind = kind_of(bold.astext()) if isinstance(bold, nodes.strong) else None
        if kind:
            quote["classes"] += ["box", kind]


def setup(app: Sphinx) -> None:
    """Connect to the end of reading a page."""
    app.connect("doctree-read", mark_boxes)
