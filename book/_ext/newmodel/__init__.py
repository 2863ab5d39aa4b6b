"""The book's own small Sphinx extension: boxes, figures, API pages, run times, glossary links, pages offline."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from newmodel import (
    api,
    benchmarks,
    boxes,
    chapters,
    command,
    figures,
    glossary,
    measured,
    names,
    offline,
    printed,
    run_times,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts."""
    for part in (
        api,
        boxes,
        chapters,
        command,
        figures,
        benchmarks,
        glossary,
        measured,
        names,
        offline,
        printed,
        run_times,
    ):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
