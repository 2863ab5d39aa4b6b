"""The small upgrade, trained once for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import NEW

from rbcl_lite.base.scale import Scale
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.run_or_load import run_or_load


@pytest.fixture(autouse=True)
def small(tiny_world: Scale) -> None:
    """The scale by its name."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shared runs lie."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def new(tiny_world: Scale, folder: Path) -> Run:
    """The trained upgrade."""
    return run_or_load(NEW, folder=folder)
