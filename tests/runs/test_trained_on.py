"""Record of whom a run was trained on, and what it says of other folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from own_crops import PATTERN, draw
from small_runs import NEW, OLD

from rbcl_lite.base.scale import Scale
from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.images import Images
from rbcl_lite.runs import people
from rbcl_lite.runs.people import TrainedOn, leave_out, name_people


def folder(root: Path) -> tuple[Images, Splits]:
    images = Images(str(root), pattern=PATTERN)
    return images, replace(OLD, images=images).splits()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return draw(tmp_path / "shop", 0, 24)


def swapped(splits: Splits) -> Splits:
    """The training people are tested, and the test people train."""
    half = np.arange(len(splits.train)) % 2 == 0
    asked = RetrievalSplit(splits.train.subset(half), splits.train.subset(~half))
    return Splits(splits.test.gallery, splits.validation, asked)


def test_drawn_people_are_known_by_their_names(tiny_world: Scale) -> None:
    splits = NEW.splits()
    record = TrainedOn.of(Images("campus"), 3, splits.train)
    assert record.sketch == () and record.people == tuple(name_people(Images("campus"), 3, splits.train))
    assert not record.among(Images("campus"), 3, splits, "test")
    assert record.among(Images("campus"), 3, swapped(splits), "test") == set(record.people)
    assert not record.among(Images("campus"), 4, swapped(splits), "test")  # others, of another seed
    assert not record.among(Images("street"), 3, swapped(splits), "test")


def test_people_of_a_folder_are_known_while_an_image_is(shop: Path, tmp_path: Path) -> None:
    images, splits = folder(shop)
    record = TrainedOn.of(images, 3, splits.train)
    assert set(record.people) == splits.train.people and len(record.sketch) == len(splits.train)
    for part in ("validation", "test"):
        assert record.among(images, 3, splits, part) == set()
    assert record.among(images, 3, swapped(splits), "test") == splits.train.people
    assert record.among(images, 3, swapped(splits), "validation") == set()
    moved = images.moved(shop.rename(tmp_path / "moved"))
    assert record.among(moved, 3, swapped(splits), "test") == splits.train.people
    foreign, others = folder(draw(tmp_path / "foreign", 0, 24, "street"))
    assert others.train.people == splits.train.people  # the same names, drawn into the same parts
    assert record.among(foreign, 3, swapped(others), "test") == set()


def test_one_common_image_is_enough(shop: Path, tmp_path: Path) -> None:
    images, splits = folder(shop)
    record = TrainedOn.of(images, 3, splits.train)
    root = draw(tmp_path / "foreign", 0, 24, "street")
    foreign, others = folder(root)
    (root / others.test.query.keys[0]).write_bytes((shop / splits.test.query.keys[0]).read_bytes())
    assert record.among(foreign, 3, swapped(others), "test") == set()  # nobody was trained on that one
    (root / others.train.keys[0]).write_bytes((shop / splits.train.keys[0]).read_bytes())
    assert record.among(foreign, 3, swapped(others), "test") == set(record.people)


def test_the_sketch_is_short_and_the_same_after_people_came(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "SKETCH", 5)
    images, splits = folder(shop)
    record = TrainedOn.of(images, 3, splits.train)
    assert len(record.sketch) == 5 and list(record.sketch) == sorted(record.sketch)
    backwards = splits.train.subset(range(len(splits.train))[::-1])
    assert TrainedOn.of(images, 3, backwards).sketch == record.sketch
    draw(shop, 24, 40)
    grown = folder(shop)[1]
    assert record.among(images, 3, grown, "test") == set()
    assert record.among(images, 3, swapped(grown), "test") == splits.train.people


def test_the_record_survives_a_dictionary(shop: Path) -> None:
    images, splits = folder(shop)
    record = TrainedOn.of(images, 3, splits.train)
    assert TrainedOn.from_dict(record.as_dict()) == record and TrainedOn.from_dict(None) is None


def test_leaving_people_out(shop: Path) -> None:
    images, splits = folder(shop)
    names = sorted(splits.test.gallery.people)
    assert leave_out(splits.test, images, 3, set()) is splits.test
    rest = leave_out(splits.test, images, 3, names[:2])
    assert rest.gallery.people == set(names[2:]) and rest.query.people == splits.test.query.people - set(names[:2])
    keep = [k for k in splits.test.gallery.keys if k.split("_")[0] not in names[:2]]
    assert list(rest.gallery.keys) == keep
    with pytest.raises(ValueError, match="every held-out person was a training person"):
        leave_out(splits.test, images, 3, names)


def test_names_are_compared_in_one_spelling() -> None:
    data = ReIDDataset(np.zeros((2, 8, 4, 3), np.uint8), np.array([1, 2]), None, "ab", "toy", {1: "007", 2: "anna"})
    assert name_people(Images("/nowhere", pattern=PATTERN), 0, data) == ["7", "anna"]
