"""A domain as training, validation and test images."""

from dataclasses import replace

import numpy as np
import pytest

from rbcl_lite.base.fingerprint import ROOT, closure
from rbcl_lite.base.scale import Scale
from rbcl_lite.data import rendered
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.data.world import World

AT = Scale("few", (16, 8), (16, 8), 5, 2, 3, 2, 2, "tiny", "tiny", 16, 1, 1, (4, 2), 1e-2, 0.0, 0.0)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path))


def every(splits):
    held = [splits.validation.query, splits.validation.gallery, splits.test.query, splits.test.gallery]
    return [splits.train, *held]


def test_who_is_where():
    s = rendered_splits("campus", at=AT)
    assert s.train.classes.tolist() == [5, 6, 7, 8, 9] and len(s.train) == 5 * 6 * 2
    for part, people in ((s.test, [0, 1, 2]), (s.validation, [3, 4])):
        assert part.query.classes.tolist() == part.gallery.classes.tolist() == people
        assert len(part.query) == 6 * len(people) and len(part.gallery) == 12 * len(people)
        assert set(part.query.cams) == set(range(6))
    keys = [k for part in every(s) for k in part.keys]
    assert len(set(keys)) == len(keys) == 60 + 90
    assert "campus/00007_c6_1" in s.train.keys and "campus/00000_c1_0" in s.test.query.keys


def test_images_are_those_of_the_world():
    s = rendered_splits("station", at=AT, seed=4, size=(32, 16))
    world = World("station", identities=10, seed=4, size=(32, 16))
    for data in every(s):
        i = len(data) // 2
        person, camera, index = (int(part.lstrip("c")) for part in data.keys[i].split("/")[1].split("_"))
        assert (person, camera - 1) == (data.ids[i], data.cams[i])
        drawn = world.images([person], [camera - 1], [index])[0]
        assert np.abs(data.images[i].astype(int) - drawn).max() <= 2  # a card, or other chunks, may round differently


def test_seeds_bring_other_people_and_domains_other_places():
    first = rendered_splits("campus", at=AT).train
    assert not np.array_equal(first.images, rendered_splits("campus", at=AT, seed=1).train.images)
    assert not np.array_equal(first.images, rendered_splits("street", at=AT).train.images)


def test_images_are_drawn_once(monkeypatch):
    first = rendered_splits("campus", at=AT)
    monkeypatch.setattr(rendered, "World", lambda *a, **k: pytest.fail("constructed a world"))
    again = rendered_splits("campus", at=replace(AT, name="other name", epochs=7))
    assert all(np.array_equal(a.images, b.images) for a, b in zip(every(first), every(again)))


def test_changed_drawing_code_draws_again(monkeypatch):
    rendered_splits("campus", at=AT)
    monkeypatch.setattr(rendered, "fingerprint", lambda *modules: "another")
    monkeypatch.setattr(World, "images", lambda self, ids, *a, **k: np.full((len(ids), 16, 8, 3), 9, np.uint8))
    assert rendered_splits("campus", at=AT).train.images.max() == 9


def test_images_depend_on_the_code_that_draws_them_and_no_other():
    """A change of the progress bar, of a figure or of the processes must not draw every picture again."""
    files = {path.relative_to(ROOT).as_posix() for path in closure([ROOT / "data/world.py"])}
    assert {path for path in files if not path.startswith("data/pedestrians/")} == {"data/world.py"}


def test_training_images_are_read_from_disk():
    assert isinstance(rendered_splits("campus", at=AT).train.images, np.memmap)


def test_workers_are_handed_on(monkeypatch):
    asked = []
    original = rendered.draw_many
    monkeypatch.setattr(rendered, "draw_many", lambda *a, workers, **k: asked.append(workers) or original(*a, **k))
    rendered_splits("campus", at=AT)
    rendered_splits("station", at=AT, workers=3)
    assert asked == [2, 3]


def test_errors():
    with pytest.raises(ValueError, match="unknown domain 'airport'"):
        rendered_splits("airport", at=AT)
    with pytest.raises(ValueError, match=r"size \(30, 15\) cannot be drawn"):
        rendered_splits("campus", at=AT, size=(30, 15))
