"""Plain Markdown links to glossary terms: ``[gallery](../book/glossary.md#gallery)``."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def slug(term: str) -> str:
    """The part of a link behind the hash, as GitHub writes headings.

    >>> slug("P×K sampling"), slug("AP")
    ('pxk-sampling', 'ap')
    """
    kept = "".join(c if c.isalnum() or c in "-_" else " " for c in term.lower().replace("×", "x"))
    return "-".join(kept.split())


def register_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Offer every term of a glossary page beside the headings that MyST knows."""
    for entry in doctree.findall(addnodes.glossary):
        slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
        for term in entry.findall(nodes.term):
            slugs[slug(term.astext())] = (term.line or 0, term["ids"][0], term.astext())


def setup(app: Sphinx) -> None:
    """Connect to the end of reading a page."""
    app.connect("doctree-read", register_terms)
