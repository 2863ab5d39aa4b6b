"""Notebooks are committed as their authors wrote them, and read well without the book around them."""

import copy
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import notebook as tool  # noqa: E402


def cells(notebook: dict, kind: str) -> list[dict]:
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


def prose(notebook: dict) -> str:
    return "\n\n".join(c["source"] for c in cells(notebook, "markdown"))


def number(notebook: dict) -> int:
    return int(notebook["path"].stem.split("_")[0])


def test_there_are_notebooks(root: Path) -> None:
    assert list((root / "notebooks").glob("*.ipynb"))


def test_no_outputs_and_unique_ids(notebook: dict) -> None:
    assert not [c["id"] for c in cells(notebook, "code") if c["outputs"] or c["execution_count"]]
    ids = [c["id"] for c in notebook["cells"]]
    assert len(ids) == len(set(ids))


def test_is_as_the_tool_leaves_it(notebook: dict) -> None:
    """Also that the first code cell installs from the address in pyproject.toml."""
    read = nbformat.read(notebook["path"], as_version=4)
    tidied = tool.tidy(copy.deepcopy(read), notebook["path"].stem)
    assert tidied == read, f"run: python tools/notebook.py {notebook['path'].relative_to(ROOT)}"
    assert cells(notebook, "code")[0]["source"] == tool.setup_source()


def test_opens_and_closes_as_a_chapter(notebook: dict) -> None:
    text = prose(notebook)
    assert text.startswith(f"# {number(notebook)} · "), "the title is '# number · words'"
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, "one title"
    if number(notebook) == 0:
        return
    opening = text[:2500].lower()
    for word in ("able to", "read", "run time"):
        assert word in opening, f"the opening says what one will be {word!r}"
    places = [text.find(mark) for mark in ("\n> **Take-away", "\n## Exercises", "\n## References")]
    assert -1 not in places and places == sorted(places), "it closes with a take-away box, exercises, references"


def test_exercises_have_solutions_that_can_fail(notebook: dict) -> None:
    if number(notebook) == 0:
        return
    exercises = re.findall(r"^(?:### |> \*\*)Exercise", prose(notebook), re.MULTILINE)
    solutions = [c["source"] for c in cells(notebook, "code") if "solution" in c["metadata"].get("tags", [])]
    assert 3 <= len(exercises) <= 5
    assert len(solutions) >= len(exercises)
    assert not [s for s in solutions if "assert" not in s], "a solution ends with an assert"


def test_length(notebook: dict) -> None:
    lines = [line for c in cells(notebook, "code") for line in c["source"].splitlines() if line.strip()]
    assert len(lines) <= 400
    if number(notebook) > 0:
        words = len(re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)", " ", prose(notebook)).split())
        assert 1500 <= words <= 4000, f"{words} words"


def test_reads_well_without_the_book(notebook: dict) -> None:
    """No markup that only the book understands, no widget, nothing that lives outside the package."""
    text = re.sub(r"^:::\{dropdown\} .+$|^:::$", "", prose(notebook), flags=re.MULTILINE)  # reads well as it stands
    assert not re.findall(r"\{(?:cite|term|ref|numref|doc|py:\w+|glue)[\w:]*\}|^:::|^```\{", text, re.MULTILINE)
    code = "\n".join(c["source"] for c in cells(notebook, "code"))
    for word in ("ipywidgets", "myst_nb", "tqdm.auto", "tqdm.notebook", "plotly", "/home/", "/tmp/", "!pip"):
        assert word not in code, word
    assert "http" not in re.sub(r"git\+https\S+", "", code), "a cell asks another host for something"


@pytest.mark.parametrize("tags", [[], ["solution"]])
def test_the_tool_is_stable(tags: list[str]) -> None:
    cell = nbformat.v4.new_code_cell("assert 1 + 1 == 2\n", metadata={"tags": list(tags), "x": 1})
    again = nbformat.v4.new_code_cell(cell.source, metadata=copy.deepcopy(cell.metadata))
    raw = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 7 · Title"), cell, again])
    once = tool.tidy(raw, "07_title")
    assert [c.cell_type for c in once.cells] == ["markdown", "code", "code", "code"]
    assert once.cells[1].source == tool.setup_source()
    assert ("# @title" in once.cells[2].source) == bool(tags) and "x" not in once.cells[2].metadata
    assert tool.tidy(copy.deepcopy(once), "07_title") == once
    assert len({c.id for c in once.cells}) == 4
