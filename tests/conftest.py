"""What all tests share: one thread, a cache of their own, a world, a training set and a folder of a few people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import own_crops
import pytest
import torch

from rbcl_lite.base.scale import SCALES, Scale
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.losses import ranking_risk

torch.set_num_threads(1)  # two busy torch threads on a busy machine are slower than one

TINY = Scale("tiny-test", (32, 16), (32, 16), 12, 2, 4, 2, 1, "tiny", "small", 16, 2, 2, (4, 3), 3e-3, 0.5, 0.1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA device on this machine")
    for item in items:
        if item.get_closest_marker("gpu"):  # a folder of that name is no mark
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's cache; all tests of a process share one that is deleted later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBCL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_world() -> Iterator[Scale]:
    """The scale ``tiny-test``, known by name: 12 + 2 + 4 people of a domain at 32x16, rendered in a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, TINY.name, TINY)
        yield TINY


@pytest.fixture
def toy() -> Callable[..., ReIDDataset]:
    """A function that makes a learnable data set: every person has a colour of its own, under noise."""

    def make(people: int = 7, images: int = 4, size: tuple[int, int] = (16, 8), seed: int = 0) -> ReIDDataset:
        r = np.random.default_rng(seed)
        ids = r.permutation(np.repeat(np.arange(people) * 3 + 5, images))  # gaps, and not 0..C-1
        colour = r.integers(40, 216, (people, 1, 1, 3))[(ids - 5) // 3]
        pixels = np.clip(colour + r.normal(0, 25, (len(ids), *size, 3)), 0, 255).astype(np.uint8)
        return ReIDDataset(pixels, ids, np.arange(len(ids)) % 3, [f"toy/{i}" for i in range(len(ids))], "toy")

    return make


@pytest.fixture
def smoke(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scale of commands."""
    monkeypatch.setenv("RBCL_SCALE", "smoke")


@pytest.fixture(scope="session")
def thirty_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of crops, not to be changed."""
    return own_crops.draw(tmp_path_factory.mktemp("crops") / "thirty", 0, 30)


@pytest.fixture
def shop(thirty_people: Path, tmp_path: Path) -> Path:
    """A folder of crops that a test may change."""
    return Path(shutil.copytree(thirty_people, tmp_path / "shop"))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Where the runs on it are kept."""
    return tmp_path / "runs"


@pytest.fixture
def old(smoke: None, shop: Path, runs: Path) -> Path:
    """A run on it, trained by a command."""
    return own_crops.train(shop, "--runs", runs, "--seed", 3)


@pytest.fixture(params=["a walk", "at once"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank by a walk over the positives, and as a GPU does it where the problem is small, on any device."""

    def at_once(query: torch.Tensor, reference: torch.Tensor) -> bool:
        return request.param == "at once" and 0 < len(query) * len(reference)

    monkeypatch.setattr(ranking_risk, "at_once", at_once)
