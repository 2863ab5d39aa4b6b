"""The book's own small Sphinx extension: boxes, figures, API pages, run times, glossary links."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts: every public module beside this file."""
    for part in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        importlib.import_module(f"{__name__}.{part}").setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
