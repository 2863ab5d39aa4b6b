"""The house as it is built: no import points upwards or in a circle, each names the file it means, files are short."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbcl_lite

ROOT = Path(rbcl_lite.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# From the ground up. A room may use its own floor and those below.
FLOORS = [
    {"base"},
    {"features", "losses", "memory", "agents", "clustering", "metrics"},
    {"data", "models"},
    {"protocol"},
    {"learners", "methods"},
    {"training"},
    {"runs"},
    {"gallery", "plots"},
    {"experiments"},
    {"commands", "__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
REGISTRIES = {"rbcl_lite.learners", "rbcl_lite.methods"}  # their __init__ maps a name to its class


def room(path: Path) -> str:
    """The room of a file: the first part of its path."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str, list[str]]]:
    """Every import of this package, for annotations too: the statement, the module, the names taken from it."""
    for node in ast.walk(tree):
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


def files(module: str, names: list[str]) -> set[Path]:
    """The files that an import enters: the one it names, or those that its names are; else the room's ``__init__``.

    A package's ``__init__`` runs whenever a file below it is imported; that alone is not counted.
    """
    where = ROOT.joinpath(*module.split(".")[1:])
    if where.with_suffix(".py").is_file():
        return {where.with_suffix(".py")}
    within = {n: where / f"{n}.py" for n in names}
    found = {f for f in within.values() if f.is_file()}
    return found if names and len(found) == len(names) else found | {where / "__init__.py"}


def circles(graph: dict[Path, set[Path]]) -> list[list[str]]:
    """Groups of files each of which reaches all others of its group."""
    reach = {}
    for start in graph:
        seen: set[Path] = set()
        todo = list(graph[start])
        while todo:
            file = todo.pop()
            if file not in seen:
                seen.add(file)
                todo += graph.get(file, ())
        reach[start] = seen
    groups = {tuple(sorted(name(b) for b in reach[a] if a in reach[b])) for a in graph if a in reach[a]}
    return sorted(map(list, groups))


def test_every_room_has_a_floor():
    rooms = {room(path) for path in FILES} - {"__init__", "results"}
    assert rooms <= set(FLOOR), f"give {sorted(rooms - set(FLOOR))} a floor in this test"


def test_no_files_import_each_other_in_a_circle():
    """Imports for annotations are counted too, and those inside functions: who has to be read before whom."""
    graph = {p: set().union(*(files(m, names) for _, m, names in imported(t)), set()) for p, t in trees()}
    assert sum(map(len, graph.values())) > len(graph), "hardly an import was found"
    assert not circles(graph)


def test_the_search_for_circles_finds_them():
    a, b, c, d = (ROOT / f"{x}.py" for x in "abcd")
    assert circles({a: {b}, b: {c}, c: {a, d}, d: set()}) == [["a.py", "b.py", "c.py"]]
    assert circles({a: {a}, b: {c}, c: {b}}) == [["a.py"], ["b.py", "c.py"]]
    assert not circles({a: {b, c}, b: {c}, c: set()})


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
    assert "runs" in {room(ROOT / user) for user in users}
    above = FLOOR["methods"]
    assert all(FLOOR[room(ROOT / user)] > above for user in users), "never a loss, a learner or a method"


def test_files_are_short():
    lengths = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    assert not {file: n for file, n in lengths.items() if n > 250}
    assert statistics.median(lengths.values()) < 100


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
