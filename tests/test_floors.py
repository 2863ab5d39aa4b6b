"""The house as it is built: no import points upwards, imports name the file that they mean, files stay short."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbcl_lite

ROOT = Path(rbcl_lite.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# From the ground up. A room may use its own floor and those below.
FLOORS = [
    {"features", "progress", "scale", "fingerprint", "provenance", "precision"},
    {"losses", "memory", "agents", "clustering", "metrics"},
    {"data", "models"},
    {"learners", "methods"},
    {"training", "runs", "checkpoint", "config", "upgrades"},
    {"experiments", "gallery", "plots", "notebook"},
    {"cli", "commands"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
REGISTRIES = {"rbcl_lite.learners", "rbcl_lite.methods"}  # their __init__ maps a name to its class


def room(path: Path) -> str:
    """The room of a file: the first part of its path."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str, list[str]]]:
    """Every import of this package that runs: the statement, the module, the names taken from it."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
            continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "rbcl_lite"):
            yield node, "." * node.level + (node.module or ""), [a.name for a in node.names]
        elif isinstance(node, ast.Import):
            yield from ((node, a.name, []) for a in node.names if a.name.split(".")[0] == "rbcl_lite")


def targets(module: str, names: list[str]) -> list[str]:
    """The rooms that an import enters."""
    parts = module.split(".")[1:]
    return parts[:1] if parts else names


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]


def test_every_room_has_a_floor():
    rooms = {room(path) for path in FILES} - {"__init__", "results"}
    assert rooms <= set(FLOOR), f"give {sorted(rooms - set(FLOOR))} a floor in this test"


def test_no_import_points_upwards():
    wrong = [
        f"{name(path)}:{node.lineno} imports {target}"
        for path, tree in trees()
        if room(path) in FLOOR
        for node, module, names in imported(tree)
        for target in targets(module, names)
        if FLOOR.get(target, 99) > FLOOR[room(path)] and target != "__version__"
    ]
    assert not wrong


def test_imports_name_the_file_that_they_mean():
    """The fingerprint follows ``from rbcl_lite.room.file import name``, and nothing else."""
    wrong = []
    for path, tree in trees():
        for node, module, names in imported(tree):
            where = ROOT.joinpath(*module.split(".")[1:])
            is_file = where.with_suffix(".py").is_file()
            all_files = all((where / f"{n}.py").is_file() or n == "__version__" for n in names)
            if isinstance(node, ast.Import) or module.startswith(".") or not (is_file or all_files):
                if path.name != "__init__.py" and module not in REGISTRIES:
                    wrong.append(f"{name(path)}:{node.lineno} imports {', '.join(names)} from {module}")
    assert not wrong


def test_registries_are_used_by_what_chooses_by_name():
    users = {name(p) for p, tree in trees() for _, module, _ in imported(tree) if module in REGISTRIES}
    assert {"config.py", "runs.py"} <= users
    assert {FLOOR[room(ROOT / user)] for user in users} <= {4, 5, 6}  # never a loss, a learner or a method


def test_no_file_is_longer_than_250_lines():
    long = {name(p): n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 250}
    assert not long


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_library_keeps_quiet_and_asks_for_the_device(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scripts = [n for n in tree.body if isinstance(n, ast.If) and "__name__" in ast.dump(n.test)]
    in_scripts = {id(n) for script in scripts for n in ast.walk(script)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in in_scripts:
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "print":
            assert FLOOR.get(room(path)) == len(FLOORS) - 1, f"{name(path)}:{node.lineno} prints"
        if isinstance(called, ast.Attribute):
            assert called.attr != "cuda", f"{name(path)}:{node.lineno} calls .cuda(); take a device argument"


def test_losses_know_no_file_and_no_device():
    for path, tree in trees():
        if room(path) == "losses":
            modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            modules |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
            assert not modules & {"os", "pathlib", "io", "json"}, name(path)
            assert "cuda" not in path.read_text(encoding="utf-8").replace("torch.cuda.FloatTensor", ""), name(path)
