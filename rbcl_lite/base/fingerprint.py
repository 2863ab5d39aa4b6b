"""Fingerprint of code: a hash of source files without comments, docstrings and blank lines.

``python -m rbcl_lite.base.fingerprint`` prints the fingerprint of the whole package.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _docstrings(tree: ast.Module) -> list[ast.Constant]:
    """The strings that stand alone: docstrings of modules, classes, functions and constants."""
    alone = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return [value for value in alone if isinstance(value, ast.Constant) and isinstance(value.value, str)]


@cache
def normalised(source: str) -> str:
    """The code of a module without comments, docstrings and blank lines.

    >>> normalised('x = 1  # one')
    'x = 1'
    """
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for text in _docstrings(ast.parse(source)):  # cut out its characters only: code may stand on the same line
        last = text.end_lineno or text.lineno
        before = lines[text.lineno - 1].encode()[: text.col_offset].decode()
        after = lines[last - 1].encode()[text.end_col_offset :].decode()
        lines[text.lineno - 1 : last] = [before + after] + [""] * (last - text.lineno)
    return "\n".join(line.rstrip() for line in lines if line.strip())


@cache
def imports(path: Path) -> set[Path]:
    """The files of this package that a file imports by name to run, re-exports of ``__init__`` left
    out.
    """
    found: set[Path] = set()
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse  # what is imported for annotations computes nothing
            continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rbcl_lite"):
            parts = (node.module or "").split(".")[1:]
            base = ROOT.joinpath(*parts)
            if base.with_suffix(".py").is_file():
                found.add(base.with_suffix(".py"))
            found.update(f for f in (base / f"{a.name}.py" for a in node.names) if f.is_file())
    return found


def closure(roots: Iterable[Path]) -> list[Path]:
    """The files and all that they import, directly or not, sorted."""
    seen: set[Path] = set()
    todo = list(roots)
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += imports(path)
    return sorted(seen)


@cache
def fingerprint(*modules: str) -> str:
    """Hash of the code that these modules stand on; without arguments of the whole package.

    Args:
        modules: dotted names below ``rbcl_lite``, such as ``"methods.bct"``.

    Returns:
        12 hexadecimal digits. Edits of comments and docstrings leave it as it is.

    Raises:
        ValueError: no such module.

    >>> fingerprint("features") == fingerprint("features")
    True
    """
    roots = [ROOT.joinpath(*m.split(".")).with_suffix(".py") for m in modules] or sorted(ROOT.rglob("*.py"))
    for root in roots:
        if not root.is_file():
            raise ValueError(f"no module {root.relative_to(ROOT)} in the package")
    digest = hashlib.sha256()
    for path in closure(roots):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(normalised(path.read_text(encoding="utf-8")).encode() + b"\0")
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    print(fingerprint())
