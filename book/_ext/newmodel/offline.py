"""Animations that ask no other host for anything: matplotlib links an icon font on a CDN and an address on no page."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

REMOTE_STYLE = re.compile(r"<link[^>]*href=[\"']?https?://[^>]*>", re.IGNORECASE)
ICONS = {
    "fa-minus": "−",
    "fa-fast-backward": "|◀◀",
    "fa-step-backward": "◀|",
    "fa-play fa-flip-horizontal": "◀",
    "fa-pause": "❚❚",
    "fa-play": "▶",
    "fa-step-forward": "|▶",
    "fa-fast-forward": "▶▶|",
    "fa-plus": "+",
}


def self_contained(body: str) -> str:
    """Drop remote style sheets and the form's dead address, and write the animation buttons' signs as text.

    >>> self_contained('<link rel="stylesheet" href="https://cdn.example/font.css"><i class="fa fa-pause"></i>')
    '<span aria-hidden="true">❚❚</span>'
    """
    if "anim_control" not in body and "<link" not in body:
        return body
    body = REMOTE_STYLE.sub("", body).replace(' action="#n"', "")
    for name, sign in ICONS.items():
        body = body.replace(f'<i class="fa {name}"></i>', f'<span aria-hidden="true">{sign}</span>')
    return body


def clean_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Clean the body before it enters the page's template."""
    if context.get("body"):
        context["body"] = self_contained(context["body"])


def setup(app: Sphinx) -> None:
    """Connect before a page is written."""
    app.connect("html-page-context", clean_page)
