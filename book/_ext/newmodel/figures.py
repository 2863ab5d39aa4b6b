"""Numbered figures: ``*Figure 7.2. Caption.*`` below a cell is its caption, and "Figure 7.2" anywhere leads to it.

Both are plain words in Jupyter, on Colab and on GitHub. A mention of a figure that does not exist is a warning.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

LOG = logging.getLogger(__name__)
CAPTION = re.compile(r"Figure\s(\d+\.\d+)\.\s")
MENTION = re.compile(r"\bFigures?\s\d+\.\d+(?:(?:,\s|\sand\s|,\sand\s|\sto\s|–)\d+\.\d+\b(?!\.\d))*")
NUMBER = re.compile(r"\d+\.\d+")
PLAIN = (nodes.title, nodes.reference, nodes.literal, nodes.FixedTextElement, nodes.raw, addnodes.pending_xref)


def mentioned(text: str) -> list[tuple[str, str | None]]:
    """The text in pieces, each with the number of the figure that it should lead to.

    >>> mentioned("See Figure 7.2, and Figures 7.3 and 8.1.")
    [('See ', None), ('Figure 7.2', '7.2'), (', and ', None), ('Figures 7.3', '7.3'), (' and ', None), ('8.1', '8.1'), ('.', None)]
    """  # noqa: E501
    pieces: list[tuple[str, str | None]] = []
    done = 0
    for mention in MENTION.finditer(text):
        begin = mention.start()  # of the next link: the word belongs to the first number
        for number in NUMBER.finditer(text, mention.start(), mention.end()):
            begin = number.start() if begin is None else begin
            pieces += [(text[done:begin], None), (text[begin : number.end()], number.group())]
            done, begin = number.end(), None
    return [piece for piece in [*pieces, (text[done:], None)] if piece[0]]


def identifier(number: str) -> str:
    """The part of a link behind the hash.

    >>> identifier("7.2")
    'figure-7-2'
    """
    return f"figure-{number.replace('.', '-')}"


def join_lines(element: nodes.Element) -> None:
    """Make one text of neighbouring ones: a line break of the source stands between the word and its number."""
    for i in reversed(range(1, len(element))):
        before, after = element[i - 1], element[i]
        if isinstance(before, nodes.Text) and isinstance(after, nodes.Text):
            element[i - 1 : i + 1] = [nodes.Text(before.astext() + after.astext())]


def read_captions(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the captions of a page and remember where they are."""
    for paragraph in doctree.findall(nodes.paragraph):
        italic = paragraph[0] if paragraph.children else None
        if not isinstance(italic, nodes.emphasis):
            continue
        join_lines(italic)
        found = CAPTION.match(italic.astext())
        if found is None or not isinstance(italic[0], nodes.Text):
            continue
        number, text = found[1], italic[0].astext()
        places: dict[str, str] = figures(app.env)
        if number in places:
            LOG.warning("a second Figure %s; the other is in %s", number, places[number], location=paragraph)
            continue
        places[number] = app.env.docname
        paragraph["ids"].insert(0, identifier(number))
        paragraph["classes"].append("figure-caption")
        label = nodes.inline("", text[: found.end() - 1], classes=["figure-number"])
        italic[0:1] = [label, nodes.Text(text[found.end() - 1 :])]


def mark_mentions(app: Sphinx, doctree: nodes.document) -> None:
    """Turn mentions into references that are resolved when all pages have been read."""
    for element in list(doctree.findall(nodes.TextElement)):
        up: nodes.Node | None = element
        while up is not None and not isinstance(up, PLAIN) and "figure-number" not in up.get("classes", []):
            up = up.parent
        if up is not None:
            continue
        join_lines(element)
        for text in [child for child in element.children if isinstance(child, nodes.Text)]:
            pieces = mentioned(text.astext())
            if any(number for _, number in pieces):
                element.replace(text, [reference(app.env.docname, *piece, element) for piece in pieces])


def reference(page: str, text: str, number: str | None, near: nodes.Element) -> nodes.Node:
    """A piece of text, or a reference that shows it."""
    if number is None:
        return nodes.Text(text)
    link = addnodes.pending_xref("", nodes.inline("", text), refdoc=page, refdomain="", reftype="figure")
    link["reftarget"], link.source, link.line = number, near.source, near.line
    return link


def resolve(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, shown: nodes.Node) -> nodes.Node | None:
    """The link to a caption, or the bare text and a warning."""
    if node["reftype"] != "figure" or node["refdomain"]:
        return None
    number = node["reftarget"]
    page = figures(env).get(number)
    if page is None:
        LOG.warning("there is no Figure %s", number, location=node)
        return shown
    return make_refnode(app.builder, node["refdoc"], page, identifier(number), shown)


def figures(env: BuildEnvironment) -> dict[str, str]:
    """The page of every figure, kept in Sphinx's environment."""
    if not hasattr(env, "rbcl_figures"):
        env.rbcl_figures = {}  # type: ignore[attr-defined]
    return env.rbcl_figures


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Drop a page's figures before it is read again."""
    for number in [n for n, p in figures(env).items() if p == page]:
        del figures(env)[number]


def merge(app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment) -> None:
    """Take over what another process has read."""
    figures(env).update({n: p for n, p in figures(other).items() if p in pages})


def setup(app: Sphinx) -> None:
    """Connect to the reading of pages and to the resolving of references."""
    app.connect("doctree-read", read_captions)
    app.connect("doctree-read", mark_mentions)
    app.connect("missing-reference", resolve)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
