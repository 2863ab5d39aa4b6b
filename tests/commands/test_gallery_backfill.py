"""``rbcl-lite gallery backfill``: orders, a limit, and what is wrong with a question."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from own_crops import call, refused

from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.orders import by_camera, least_certain, most_searched, random_order, worst_placed

KEYS = [f"{i:02d}.png" for i in range(24)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A gallery of 24 images of six people at three cameras, and the files new and queries beside it."""
    r = torch.Generator().manual_seed(0)
    ids, cams = torch.arange(24) % 6, torch.arange(24) % 3
    old = torch.nn.functional.one_hot(ids, 8).float() + 0.6 * torch.randn(24, 8, generator=r)
    with Gallery(tmp_path / "gallery", dim=8) as gallery:
        gallery.add(Features(old, ids, cams, "old", KEYS))
        gallery.register("new", {"old": Evidence(0.5, 0.3, "2026-11-02")})
    Features(old + 0.1, ids, cams, "new", KEYS).save(tmp_path / "new.safetensors")
    asked = torch.tensor([0, 0, 1, 4])
    vectors = torch.nn.functional.one_hot(asked, 8).float() + 0.6 * torch.randn(4, 8, generator=r)
    Features(vectors, asked, torch.full((4,), 7), "new").save(tmp_path / "queries.safetensors")
    return tmp_path / "gallery"


def backfill(place: Path, *options: object) -> list[str]:
    return call("gallery", "backfill", place, "--features", place.parent / "new.safetensors", *options)


def replaced(place: Path) -> set[str]:
    with Gallery.open(place) as gallery:
        rows = gallery.rows()
    return set(rows["key"][rows["version"] == "new"])


@pytest.mark.parametrize("order", ["given", "random", "by-camera", "most-searched", "least-certain", "worst-placed"])
def test_the_first_of_an_order_are_replaced_first_and_the_command_goes_on(place: Path, order: str) -> None:
    queries = Features.load(place.parent / "queries.safetensors")
    with Gallery.open(place) as gallery:
        log, rows = gallery.search(queries, 5), gallery.rows().set_index("key").loc[KEYS]
    wanted = {
        "given": lambda: KEYS,
        "random": lambda: random_order(KEYS),
        "by-camera": lambda: by_camera(KEYS, rows["camera"].to_numpy()),
        "most-searched": lambda: most_searched(KEYS, log),
        "least-certain": lambda: least_certain(KEYS, log),
        "worst-placed": lambda: worst_placed(KEYS, rows["person"].to_numpy(), log, queries.ids.numpy()),
    }[order]()
    searched = order in ("most-searched", "least-certain", "worst-placed")
    options = ["--order", order, *(["--queries", place.parent / "queries.safetensors", "--k", 5] if searched else [])]
    said = backfill(place, *options, "--limit", 7, "--chunk", 3)
    assert replaced(place) == set(wanted[:7]) and said[0].startswith("still to do: 17 vectors")
    said = backfill(place, "--order", "given")
    assert replaced(place) == set(KEYS) and said[0] == "left as they are: 7 vectors that this version had made already"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--order", "most-searched"), "--order most-searched follows searches: give their vectors by --queries FILE"),
        (("--queries", "q.safetensors"), "--queries is for --order most-searched"),
        (("--limit", 0), "limit must be at least 1 image, got 0"),
        (("--chunk", 0), "chunk must be at least 1 image, got 0"),
        (("--version", "newest"), "'newest' is not registered"),
    ],
)
def test_mistakes_replace_nothing(place: Path, options: tuple, message: str) -> None:
    assert message in refused("gallery", "backfill", place, "--features", place.parent / "new.safetensors", *options)
    assert not replaced(place)
