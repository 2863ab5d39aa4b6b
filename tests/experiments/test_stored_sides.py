"""Stored vectors of several models: the same images, the same people, and what may be said of them."""

import pytest
import torch

from rbcl_lite.data.named_vectors import NamedVectors
from rbcl_lite.data.vector_files import write_vectors
from rbcl_lite.experiments.stored_sides import read_sides
from rbcl_lite.experiments.upgrade_report import report
from rbcl_lite.metrics import evaluate_ranking, update_gain

PEOPLE = ["bo", "anna", "cy", "bo", "anna", "cy", "bo", "dan"]
KEYS = [f"{i}.png" for i in range(8)]
SPLITS = ["query"] * 3 + ["gallery"] * 5


def vectors(seed, dim=6):
    return torch.randn(8, dim, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def write(tmp_path):
    def make(name, seed, rows=range(8), **columns):
        named = NamedVectors(
            vectors(seed), **{"keys": KEYS, "people": PEOPLE, "cameras": list("00011111"), "splits": SPLITS, **columns}
        )
        write_vectors(tmp_path / name, named.rows(list(rows)))
        return tmp_path / name

    return make


def test_other_orders_and_missing_images(write):
    old, new = write("old.npy", 0), write("new.safetensors", 1, rows=[7, 2, 0, 1, 4, 3, 5])
    sides, said = read_sides({"old": [old], "new": [new]})
    assert said == ["left out: 1 gallery images of old that another model has no vector of"]
    assert sides["old"].query.keys == sides["new"].query.keys == tuple(KEYS[:3])
    assert sides["old"].gallery.keys == sides["new"].gallery.keys == ("3.png", "4.png", "5.png", "7.png")
    unit = torch.nn.functional.normalize(vectors(1))
    torch.testing.assert_close(sides["new"].gallery.vectors, unit[[3, 4, 5, 7]])


def test_cameras_of_one_file_only_are_left_out_for_all(write):
    old, new = write("old.npy", 0), write("new.npy", 1, cameras=None)
    sides, said = read_sides({"old": [old], "new": [new]})
    assert len(said) == 1 and "the cameras, because" in said[0] and said[0].endswith("new.npy has none")
    assert report(sides).camera_rule == "cameras unknown: same-camera images count"


def test_the_stored_gallery_alone(write):
    gallery = write("old.npy", 0, rows=range(3, 8), splits=None)
    sides, _ = read_sides({"old": [gallery], "new": [write("new.npy", 1)]})
    assert sides["old"].query is None
    found = report(sides)
    assert found.matrix().index.tolist() == ["new"] and found.matrix().columns.tolist() == ["old", "new"]
    assert found.verdicts() == {}


def test_verdicts_equal_the_metrics(write):
    files = {"old": [write("old.npy", 0)], "new": [write("new.npy", 1)], "independent": [write("ind.npy", 2)]}
    sides, said = read_sides(files)
    assert not said
    cells = [
        (sides[q].query, sides[g].gallery) for q, g in (("old", "old"), ("new", "old"), ("independent", "independent"))
    ]
    old, new, best = (evaluate_ranking(*cell) for cell in cells)
    found = report(sides)
    assert found.matrix().loc["new", "old"] == new.mAP and found.verdicts()["compatible"] == (new.mAP > old.mAP)
    assert found.verdicts()["update_gain"] == update_gain(new.mAP, old.mAP, best.mAP)
    low, high = found.verdicts()["interval"]
    assert low <= new.mAP - old.mAP <= high and low < high
    assert "interval" in report(sides, "rank1").verdicts() and "interval" not in report(sides, "mINP").verdicts()
    assert old.rank(1) == best.rank(1)  # so that there is no gain to take a share of
    assert report(sides, "rank1").verdicts()["update_gain"] is None


def test_rows_without_keys_must_be_the_same_people(write):
    old, new = write("old.npy", 0, keys=None), write("new.npy", 1, keys=None)
    sides, _ = read_sides({"old": [old], "new": [new]})
    assert len(sides["new"].gallery) == 5
    other = write("other.npy", 1, rows=[1, 0, 2, 3, 4, 5, 6, 7], keys=None)
    with pytest.raises(ValueError, match="the query rows of new are not the people of those of old, row by row"):
        read_sides({"old": [old], "new": [other]})


def test_what_cannot_be_compared(write):
    old = write("old.npy", 0)
    with pytest.raises(ValueError, match=r"holds no row of validation-query, only of gallery, query"):
        read_sides({"old": [old]}, "validation")
    with pytest.raises(ValueError, match="none of these files holds queries"):
        read_sides({"old": [write("g.npy", 0, splits=None)]})
    with pytest.raises(ValueError, match="--old takes one file, or two"):
        read_sides({"old": [old] * 3})
    with pytest.raises(ValueError, match="they have no key in common"):
        read_sides({"old": [old], "new": [write("n.npy", 1, keys=[f"x{k}" for k in KEYS])]})
    with pytest.raises(ValueError, match="hold a key twice"):
        read_sides({"old": [old], "new": [write("t.npy", 1, rows=[0, 0, 1, 2, 3, 4, 5, 6, 7])]})
