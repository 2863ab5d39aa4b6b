"""Make a committed notebook from a text source, or tidy one in place.

``python tools/notebook.py chapter.py notebooks/07_gradient.ipynb`` converts a jupytext ``py:percent`` (or MyST ``.md``)
source; ``python tools/notebook.py notebooks/*.ipynb`` tidies: no outputs, no counts, stable cell ids, one kernel, the
first cell in its current form.

A code cell tagged ``solution`` is folded away in the book, in Jupyter and on Colab; it is executed like any other.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_METADATA = {"tags", "mystnb", "jupyter", "cellView"}


def setup_source() -> str:
    """The first code cell of every notebook: installs the package where it is missing, as on Colab."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        address = tomllib.load(file)["project"]["urls"]["Repository"]
    install = f'%pip install -q "rbcl-lite[plots,gallery] @ git+{address}"'
    what = "# as on Colab: the package, UMAP and faiss; PyTorch is there"
    return f"try:\n    import rbcl_lite\nexcept ImportError:  {what}\n    {install}\n    import rbcl_lite"


def is_setup(source: str) -> bool:
    """Whether a cell is the installation cell, in whatever state."""
    return source.startswith("try:") and "import rbcl_lite" in source and "except ImportError" in source


def prompts(what: str) -> dict[str, str]:
    """The words on a folded cell."""
    return {"code_prompt_show": f"Show the {what}", "code_prompt_hide": f"Hide the {what}"}


def fold_solution(cell: nbformat.NotebookNode) -> None:
    """Hide a solution in every reader, with words that say what is hidden."""
    tags = set(cell.metadata.get("tags", []))
    if cell.cell_type != "code" or "solution" not in tags:
        return
    cell.metadata["tags"] = sorted(tags | {"hide-cell"})
    cell.metadata["jupyter"] = {"source_hidden": True}
    cell.metadata["cellView"] = "form"
    cell.metadata["mystnb"] = prompts("solution") | dict(cell.metadata.get("mystnb", {}))
    if not cell.source.startswith("# @title"):
        cell.source = "# @title Solution\n" + cell.source


def tidy(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """A notebook as it is committed: only what an author wrote, with ids that depend on nothing but place and name."""
    code = [c for c in notebook.cells if c.cell_type == "code"]
    if not code or not is_setup(code[0].source):
        first = next((i for i, c in enumerate(notebook.cells) if c.cell_type == "code"), len(notebook.cells))
        notebook.cells.insert(first, nbformat.v4.new_code_cell(setup_source()))
        code = [c for c in notebook.cells if c.cell_type == "code"]
    code[0].source = setup_source()
    code[0].metadata["tags"] = ["hide-cell"]
    code[0].metadata["mystnb"] = {
        "code_prompt_show": "Show the installation cell",
        "code_prompt_hide": "Hide the installation cell",
    }
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
        fold_solution(cell)
        cell.metadata = nbformat.NotebookNode({k: v for k, v in sorted(cell.metadata.items()) if k in KEPT_METADATA})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        body = hashlib.sha256(f"{name}{cell.cell_type}{cell.source}".encode()).hexdigest()[:8]
        seen[body] = seen.get(body, 0) + 1
        cell.id = body if seen[body] == 1 else f"{body}-{seen[body]}"
    execution = notebook.metadata.get("execution")
    notebook.metadata = nbformat.NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    if execution:
        notebook.metadata["execution"] = execution
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Check and write, only if something changed, so that make sees no new file."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook, version=4, indent=1, ensure_ascii=False) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        part = path.with_suffix(".tmp")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


def main() -> None:
    """Convert one source, or tidy the notebooks given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, help="SOURCE TARGET.ipynb, or notebooks to tidy in place")
    paths: list[Path] = parser.parse_args().paths
    if len(paths) == 2 and paths[0].suffix != ".ipynb":
        source, target = paths
        write(tidy(jupytext.read(source), target.stem), target)
        return
    for path in paths:
        if path.suffix != ".ipynb":
            parser.error(f"{path} is not a notebook: give SOURCE TARGET.ipynb to convert one")
        write(tidy(nbformat.read(path, as_version=4), path.stem), path)


if __name__ == "__main__":
    main()
