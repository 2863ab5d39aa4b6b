"""Printed text: columns keep their places and scroll on a narrow page; sentences are wrapped."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

WIDEST = 110  # columns that fit a wide page; a longer line is wrapped, whatever stands in it
GAP = re.compile(r"\S {2,}(?=\S)")


def in_columns(text: str) -> bool:
    """Whether most lines have gaps of two or more blanks, as the rows of a table do, and none is too long.

    >>> in_columns("method   mAP\\nbct     30.1\\nl2      22.9"), in_columns("A sentence.\\nAnd one more.")
    (True, False)
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    with_gaps = sum(bool(GAP.search(line)) for line in lines)
    return with_gaps >= 2 and 2 * with_gaps >= len(lines) and max(map(len, lines)) <= WIDEST


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Give printed columns a class of their own."""
    for block in doctree.findall(nodes.literal_block):
        if in_columns(block.astext()):
            box = nodes.container(classes=["columns"])
            block.replace_self(box)
            box += block


def setup(app: Sphinx) -> None:
    """Connect behind the step that takes the outputs of a page's builder."""
    app.connect("doctree-resolved", lambda app, doctree, page: mark(app, doctree))
