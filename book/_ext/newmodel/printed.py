"""Printed text: columns keep their places and scroll on a narrow page; sentences are wrapped."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

GAP = re.compile(r"\S {2,}(?=\S)")


def in_columns(text: str) -> bool:
    """Whether most lines have gaps of two or more blanks, as the rows of a table do.

    >>> in_columns("method   mAP\\nbct     30.1\\nl2      22.9"), in_columns("A sentence.\\nAnd one more.")
    (True, False)
    """
    lines = [{m.end() for m in GAP.finditer(line)} for line in text.splitlines() if line.strip()]
    with_gaps = [places for places in lines if places]
    return len(with_gaps) >= 2 and len(with_gaps) * 2 >= len(lines)


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
