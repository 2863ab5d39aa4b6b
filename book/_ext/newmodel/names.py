"""Names in docstrings and signatures: found under the name a reader imports, plain text where no page shows them.

A name that means nothing anywhere stays unresolved, and the strict build fails on it.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

MISSING = object()
SHARED = re.compile(r":ivar (\w+(?:, \w+)+):")


def find(name: str) -> Any:
    """The object of a dotted name, or MISSING.

    >>> find("collections.abc.Mapping").__name__, find("nowhere.at.all") is MISSING
    ('Mapping', True)
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except (ImportError, ValueError):
            continue
        for part in parts[cut:]:
            found = getattr(found, part, MISSING)
        return found
    return MISSING


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Look a name up where it was written: in its class, in its module, then from the top."""
    if node.get("refdomain") != "py":
        return None
    target, module, owner = node["reftarget"], node.get("py:module"), node.get("py:class")
    written_in = [f"{module}.{owner}." if module and owner else "", f"{module}." if module else "", "builtins.", ""]
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    known = False
    for prefix in written_in:
        found = find(prefix + target)
        if found is MISSING:
            continue
        known = True
        home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
        if home in objects:
            place = objects[home]
            return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, content, home)
    return content if known else None


def split_shared_descriptions(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """``width, height: of the picture`` describes two attributes; Sphinx would read the first as the second's type."""
    lines[:] = [SHARED.sub(lambda m: ":ivar " + m[1].replace(", ", ",\u200b") + ":", line) for line in lines]


class AttributeText:
    """Keep napoleon from taking the words before a colon in an attribute's description for its type."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}

    def before(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        """Remember the text."""
        if what in ("attribute", "data", "property"):
            self.kept[name] = list(lines)

    def after(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        """Put it back."""
        if name in self.kept and not any(line.startswith(("Args:", "Returns:", "Raises:")) for line in self.kept[name]):
            lines[:] = self.kept[name]


def setup(app: Sphinx) -> None:
    """Connect to the resolver of names and around napoleon, which has the priority 500."""
    texts = AttributeText()
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", texts.before, priority=400)
    app.connect("autodoc-process-docstring", texts.after, priority=600)
    app.connect("autodoc-process-docstring", split_shared_descriptions, priority=600)
