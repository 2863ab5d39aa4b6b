"""A backfill that is stopped and taken up again, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.refill import refill, refill_cost

KEYS = [f"image {i}" for i in range(23)]
OLD = Features(torch.randn(23, 6, generator=torch.Generator().manual_seed(0)), [1] * 23, model="old", keys=KEYS)
NEW = Features(torch.randn(23, 6, generator=torch.Generator().manual_seed(1)), [1] * 23, model="new", keys=KEYS)


def extract(keys: list[str]) -> Features:
    return NEW[[KEYS.index(k) for k in keys]]


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    with Gallery(None, dim=6) as made:
        made.add(OLD)
        made.register("new", {"old": Evidence(0.5, 0.3, "2026-11-02")})
        yield made


def test_goes_on_where_it_was_stopped(gallery: Gallery) -> None:
    order = KEYS[::-1]
    asked: list[str] = []

    def stops(keys: list[str]) -> Features:
        if len(asked) >= 10:
            raise KeyboardInterrupt
        asked.extend(keys)
        return extract(keys)

    with pytest.raises(KeyboardInterrupt):
        refill(gallery, order, stops, "new", chunk=5, progress=False)
    rows = gallery.rows().set_index("key")["version"]
    assert asked == order[:10] and rows[order].tolist() == ["new"] * 10 + ["old"] * 13
    assert refill(gallery, order, extract, "new", chunk=5, limit=2, progress=False) == 2
    assert refill(gallery, order, extract, "new", chunk=5, progress=False) == 11
    assert refill(gallery, order, extract, "new", progress=False) == 0
    assert np.array_equal(gallery.fetch(KEYS).vectors.numpy(), NEW.vectors.numpy())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(version="newer"), "version 'newer' is not registered"),
        (dict(order=["image 0", "nothing"]), "1 of 2 keys are not in the gallery, first 'nothing'"),
        (dict(order=["image 0", "image 0"]), "occurs twice"),
        (dict(extract=lambda keys: NEW[:1]), "vectors of other images than the 23"),
        (dict(extract=lambda keys: OLD), "extract gave vectors of 'old', the backfill is to 'new'"),
        (dict(chunk=0), "chunk must be at least 1 image, got 0"),
    ],
)
def test_mistakes_change_nothing(gallery: Gallery, wrong: dict, message: str) -> None:
    asked = {"order": KEYS, "extract": extract, "version": "new", "progress": False, **wrong}
    with pytest.raises(ValueError, match=message):
        refill(gallery, **asked)
    assert dict(gallery.report().versions) == {"old": 23, "new": 0}


def test_the_slower_of_extraction_and_writing_decides() -> None:
    assert refill_cost(3600, 8, extracted=1, written=100).hours == 1
    assert refill_cost(3600, 8, extracted=1, written=100, machines=1000).hours == pytest.approx(0.01)
    cost = refill_cost(1_000_000, 256, extracted=1, written=1, coordinate_bytes=2, image_bytes=5_000)
    assert (cost.vector_gb, cost.image_gb) == (0.512, 5.0)
    with pytest.raises(ValueError, match="extracted must be positive, got 0"):
        refill_cost(1, 8, extracted=0, written=1)
