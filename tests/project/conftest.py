"""Shared by the tests of the project itself: its root and its notebooks."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``notebook`` runs once for each."""
    if "notebook" in metafunc.fixturenames:
        paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
        metafunc.parametrize("notebook", paths, ids=[p.stem for p in paths], indirect=True)


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def notebook(request: pytest.FixtureRequest) -> dict:
    content = json.loads(request.param.read_text(encoding="utf-8"))
    content["path"] = request.param
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"])
    return content
