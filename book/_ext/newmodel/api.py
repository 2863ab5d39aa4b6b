"""``{api} rbcl_lite.losses``: the documentation of a module or of a package and all its public modules."""

from __future__ import annotations

import importlib
import pkgutil

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective


def public_modules(name: str) -> list[str]:
    """The module itself and, for a package, every public module in it, in alphabetical order.

    >>> public_modules("rbcl_lite.features")
    ['rbcl_lite.features']
    """
    module = importlib.import_module(name)
    names = [name]
    if hasattr(module, "__path__"):
        found = pkgutil.walk_packages(module.__path__, name + ".")
        names += sorted(m.name for m in found if "._" not in m.name)
    return names


class Api(SphinxDirective):
    """One section for each module; that of a package holds only its description, as its names live in its modules."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the sections as Markdown and let the page's parser read them."""
        lines: list[str] = []
        for name in public_modules(self.arguments[0]):
            is_package = hasattr(importlib.import_module(name), "__path__")
            lines += ["", f"## {name}", "", "```{eval-rst}", f".. automodule:: {name}"]
            lines += [] if is_package else ["   :members:", "   :ignore-module-all:"]
            lines += ["```", ""]
        section = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, section, True)
        return section.children


def only_with_source(app: Sphinx, env: BuildEnvironment) -> None:
    """Forget the modules without source, which viewcode lists although it writes no page of them.

    An alias such as ``tuple[int, int]`` says that it comes from ``builtins``.
    """
    known = getattr(env, "_viewcode_modules", {})
    for name in [name for name, found in known.items() if not found]:
        del known[name]


def setup(app: Sphinx) -> None:
    """Register the directive, and tidy what viewcode found."""
    app.add_directive("api", Api)
    app.connect("env-updated", only_with_source)
