"""Notebook helpers: the few lines that are discussed."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from rbcl_lite.plots.folding import fold


def show_code(thing: Any, *, docstring: bool = False) -> Any:
    """The source of a function or class as highlighted code, without its docstring unless asked
    for, in lines that fit the page (:func:`~rbcl_lite.plots.folding.fold`).

    Args:
        thing: what to show; decorators are followed to the function below them.
        docstring: keep the docstring.

    Returns:
        an ``IPython.display.Code``; its ``.data`` is the text.
    """
    from IPython.display import Code

    text = textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))
    if not docstring:
        node = ast.parse(text).body[0]
        body = getattr(node, "body", [])
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            lines = text.splitlines()
            del lines[body[0].lineno - 1 : body[0].end_lineno]
            text = "\n".join(lines)
    return Code(fold(text.strip()), language="python")
