"""The rooms of the package: small files, and imports that never point upwards."""

import ast
import statistics
from pathlib import Path

FLOORS = [
    {"features", "progress", "scale", "fingerprint", "provenance", "precision"},
    {"losses", "memory", "agents", "clustering", "metrics"},
    {"data", "models", "checkpoint"},
    {"learners", "methods"},
    {"training", "config", "upgrades", "runs"},
    {"experiments", "gallery", "plots", "notebook"},
    {"commands", "cli"},
]


def package_files(root: Path) -> list[Path]:
    return sorted((root / "rbcl_lite").rglob("*.py"))


def room(root: Path, path: Path) -> str:
    return path.relative_to(root / "rbcl_lite").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
        found |= {n.split(".")[1] for n in names if n.startswith("rbcl_lite.")}
    return found


def test_imports_never_point_upwards(root: Path) -> None:
    level = {name: i for i, floor in enumerate(FLOORS) for name in floor}
    upwards = []
    for path in package_files(root):
        here = room(root, path)
        if here == "__init__":
            continue
        assert here in level, f"{here} lies on no floor: add it to FLOORS"
        upwards += [f"{path.name}: {here} imports {n}" for n in imported(path) if level[n] > level[here]]
    assert not upwards


def test_files_are_small(root: Path) -> None:
    lengths = {
        p.relative_to(root).as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in package_files(root)
    }
    assert not {name: n for name, n in lengths.items() if n > 250}
    assert statistics.median(lengths.values()) < 100
