"""What is kept of an executed notebook is what the strict build takes, however fast the machine is."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
execute = importlib.import_module("execute")

STDERR = nbformat.v4.new_output("stream", name="stderr", text="slow\n")
ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])


def cell(count: int | None, outputs: list, tags: list[str]) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell("1", execution_count=count, outputs=outputs, metadata={"tags": tags})


@pytest.mark.parametrize(
    ("count", "outputs", "tags", "said"),
    [
        (1, [], [], []),
        (1, [ERROR], ["raises-exception"], []),
        (None, [], ["skip-execution"], []),
        (1, [STDERR], ["remove-stderr"], []),
        (None, [], [], ["cell 2 did not run:\n1"]),
        (1, [ERROR], [], ["cell 2 ended in ValueError: no"]),
        (1, [STDERR], [], ["cell 2 wrote to stderr:\nslow"]),
        (1, [STDERR, ERROR], ["raises-exception"], ["cell 2 wrote to stderr:\nslow"]),
    ],
)
def test_executed_copies_are_judged(count: int | None, outputs: list, tags: list[str], said: list[str]) -> None:
    empty = nbformat.v4.new_code_cell("")
    assert execute.trouble(nbformat.v4.new_notebook(cells=[empty, cell(count, outputs, tags)])) == said


@pytest.mark.slow
def test_a_copy_that_the_build_would_refuse_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Executed twice: the second time there must be no copy of the bad notebook either."""
    (tmp_path / "notebooks").mkdir()
    for name, code in {"good": "print(1)", "bad": "import sys\nprint('too slow', file=sys.stderr)"}.items():
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        nbformat.write(book, tmp_path / "notebooks" / f"{name}.ipynb")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    for first in (True, False):
        assert execute.execute("smoke", jobs=1, pattern="*.ipynb") == 1
        said = capfd.readouterr().out
        assert f"{1 - first} unchanged, {1 + first} to execute" in said
        assert "FAILED bad.ipynb" in said and "cell 1 wrote to stderr:\ntoo slow" in said
        assert [p.name for p in (tmp_path / "_build" / "smoke" / "notebooks").iterdir()] == ["good.ipynb"]
    kept = [p.name for p in (tmp_path / ".cache" / "notebooks" / "smoke").glob("*/*.ipynb")]
    assert len(kept) == 1 and kept[0].startswith("good-")


@pytest.mark.slow
def test_a_copy_says_which_trainings_it_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read twice it counts once; what the notebook itself trained took its own cells' time and is not loaded."""
    run = {"config": {"learner": "supervised", "method": "bct", "old": {}}, "seconds": 61.5}
    before, own = tmp_path / "before" / "run.json", tmp_path / "own" / "run.json"
    for path in (before, own):
        path.parent.mkdir()
    before.write_text(json.dumps(run), encoding="utf-8")
    os.utime(before, (0, 0))
    code = f"""from pathlib import Path
Path({str(own)!r}).write_text("{{}}")
for name in ({str(before)!r}, {str(own)!r}, {str(before)!r}):
    Path(name).read_text()"""
    (tmp_path / "notebooks").mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(book, tmp_path / "notebooks" / "reads.ipynb")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    assert execute.execute("smoke", jobs=1, pattern="*.ipynb") == 0
    copy = nbformat.read(tmp_path / "_build" / "smoke" / "notebooks" / "reads.ipynb", as_version=4)
    assert copy.metadata["rbcl"]["loaded"] == [{"learner": "supervised", "method": "bct", "new": True, "seconds": 61.5}]
    assert not list((tmp_path / ".cache").rglob("*.txt"))


def legends(where: str, code: str) -> Iterator[tuple[str, str | None]]:
    """Each call of ``legend`` in some code: where it is, and the place that it states."""
    for node in ast.walk(ast.parse(re.sub(r"^(\s*)[%!].*", r"\1pass", code, flags=re.MULTILINE))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "legend":
            stated = {k.arg: k.value for k in node.keywords}.get("loc")
            yield f"{where}:{node.lineno}", stated.value if isinstance(stated, ast.Constant) else None


def test_every_legend_states_its_place(root: Path) -> None:
    """To look for the best one takes matplotlib long among many points, and on a busy machine it warns on stderr."""
    found = []
    for path in sorted((root / "rbcl_lite").rglob("*.py")):
        found += legends(path.name, path.read_text(encoding="utf-8"))
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells, 1):
            if cell.cell_type == "code":
                found += legends(f"{path.stem}, cell {number}", cell.source)
    assert len(found) > 10
    assert not [where for where, place in found if place in (None, "best", 0)]


def test_no_figure_of_the_package_looks_for_the_best_place() -> None:
    from rbcl_lite.plots.style import RC

    assert RC["legend.loc"] != "best"
