"""Images with identities, and splits of disjoint people."""

from dataclasses import replace

import numpy as np
import pytest

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits


def make(ids, cams=True, name="toy"):
    ids = np.asarray(ids)
    images = np.arange(len(ids), dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 2, 3), np.uint8)
    return ReIDDataset(images, ids, np.arange(len(ids)) % 3 if cams else None, [f"k{i}" for i in range(len(ids))], name)


def test_labels_number_the_people():
    d = make([30, 10, 20, 10, 30, 30, 77])
    assert d.classes.tolist() == [10, 20, 30, 77] and d.num_ids == 4
    assert d.labels.tolist() == [2, 0, 1, 0, 2, 2, 3]
    assert d.size == (4, 2) and len(d) == 7 and d.ids.dtype == np.int64


@pytest.mark.parametrize("index", [[4, 1], np.array([4, 1]), np.array([4, 1], np.int32)])
def test_subset_keeps_rows_together(index):
    part = make([3, 3, 1, 2, 9]).subset(index)
    assert part.ids.tolist() == [9, 3] and part.keys == ("k4", "k1") and part.cams.tolist() == [1, 1]
    assert part.images[:, 0, 0, 0].tolist() == [4, 1]


def test_subset_by_mask_and_of_nothing():
    d = make([3, 3, 1], cams=False)
    assert d.subset(d.ids == 3).keys == ("k0", "k1") and d.subset([0]).cams is None
    assert len(d.subset([])) == 0 and len(d.subset(np.zeros(3, bool))) == 0


def test_select():
    d = make([3, 5, 3, 1])
    assert d.select([3, 1]).keys == ("k0", "k2", "k3")
    with pytest.raises(ValueError, match=r"toy has no identity \[2, 4\]; it holds 3 people"):
        d.select([4, 2, 3])


def test_share_takes_the_first_people():
    d = make([5, 4, 3, 2, 1, 1, 2, 3, 4, 5])
    assert d.share(1.0) is d
    assert d.share(0.4).classes.tolist() == [1, 2]
    assert d.share(0.4).keys == ("k3", "k4", "k5", "k6")  # in the order of the images
    assert d.share(0.01).num_ids == 1
    assert set(d.share(0.4).ids) <= set(d.share(0.6).ids)  # a larger share holds the smaller one
    for part in (0, -1, 1.1):
        with pytest.raises(ValueError, match="share must lie in"):
            d.share(part)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 4, 2, 3), np.float32)}, r"uint8 \[N, H, W, 3\], got float32"),
        ({"images": np.zeros((2, 3, 4, 2), np.uint8)}, r"got uint8 \[2, 3, 4, 2\]"),
        ({"ids": np.array([1, 2, 3])}, r"ids must be integers \[2\]"),
        ({"ids": np.array([1.0, 2.0])}, "ids must be integers .* float64"),
        ({"ids": None}, "ids must be integers"),
        ({"cams": np.array([1])}, r"cams must be integers \[2\]"),
        ({"keys": ["a"]}, "keys has 1 names for 2 images"),
        ({"ids": np.array([3, -1])}, r"toy: identity -1 of image 'b' \(1 in all\) is below 0. -1 marks junk"),
        ({"names": {1: "anna"}}, "names has no name for identity 2"),
        ({"names": {1: "7", 2: "007"}}, "gives two identities one name"),
    ],
)
def test_bad_input(change, message):
    given = {"images": np.zeros((2, 4, 2, 3), np.uint8), "ids": np.array([1, 2]), "cams": None, "keys": ["a", "b"]}
    with pytest.raises(ValueError, match=message):
        ReIDDataset(**{**given, **change}, name="toy")


def split(query, gallery):
    return RetrievalSplit(make(query), make(gallery))


def test_splits_are_disjoint():
    parts = {"train": make([7, 8]), "validation": split([3], [3, 4]), "test": split([1, 2], [1, 2, 0])}
    Splits(**parts)
    for change, message in (
        ({"train": make([7, 4])}, "train and validation share 1 people, for example identity 4"),
        ({"train": make([7, 2])}, "train and test share 1 people"),
        ({"validation": split([5], [5, 1, 2])}, "validation and test share 2 people, for example identity 1"),
    ):
        with pytest.raises(ValueError, match=message):
            Splits(**{**parts, **change})


def test_distractors_of_the_gallery_are_nobody():
    Splits(make([7, 0]), split([3], [3]), split([1], [1, 0]))
    with pytest.raises(ValueError, match="identity 0"):
        Splits(make([7, 0]), split([3], [3]), split([1, 0], [1, 0]))


def named(ids, names):
    return replace(make(ids), names=names)


def test_people_are_names_whatever_their_numbers():
    old, new = named([1, 1, 2], {1: "bo", 2: "cy"}), named([1, 2, 3, 3], {1: "anna", 2: "bo", 3: "cy"})
    assert old.people == {"bo", "cy"} and old.people < new.people
    assert new.subset([0, 1]).people == {"anna", "bo"} and new.select([3]).people == {"cy"}
    assert new.name_of(3) == "cy" and make([4, 7]).name_of(7) == "7" and make([4, 7]).people == {"4", "7"}
    assert named([1, 2], {1: "007", 2: "12.0"}).people == {"7", "12"}


def test_splits_compare_people_by_name():
    train, other = named([1, 2], {1: "anna", 2: "bo"}), named([1, 2], {1: "cy", 2: "bo"})
    far = named([8, 9], {8: "di", 9: "ed"})
    with pytest.raises(ValueError, match="train and test share 1 people, for example identity bo"):
        Splits(train, RetrievalSplit(far, far), RetrievalSplit(other, other))
    numbered = named([1, 2], {1: "flo", 2: "gus"})  # the same numbers, other people
    Splits(train, RetrievalSplit(far, far), RetrievalSplit(numbered, numbered))


def test_a_named_person_called_0_is_a_person():
    zero, far = named([1], {1: "0"}), make([8])
    with pytest.raises(ValueError, match="train and test share 1 people"):
        Splits(zero, RetrievalSplit(far, far), RetrievalSplit(make([3]), zero))


def test_the_share_of_named_people_stays_as_people_join():
    names = {i: f"p{i}" for i in range(200)}
    everyone = named(range(200), names)
    part = everyone.share(0.3)
    assert 30 < part.num_ids < 90 and part.people < everyone.share(0.5).people
    few = everyone.select(range(100, 200)).share(0.3)
    assert few.people == {n for n in part.people if int(n[1:]) >= 100}
    assert everyone.select([5, 6]).share(1e-9).num_ids == 1 and everyone.share(1.0) is everyone
