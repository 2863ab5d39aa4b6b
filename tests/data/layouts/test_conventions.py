"""What the names and numbers of each layout mean, against tables that were written by hand."""

from __future__ import annotations

from pathlib import Path

import known_layouts as layouts
import numpy as np
import pytest
from PIL import Image

from rbcl_lite.base.scale import SCALES
from rbcl_lite.data.images import Images
from rbcl_lite.data.layouts.known import LAYOUTS, recognise

SMOKE = SCALES["smoke"]
OUT = None
MARKET = {
    "bounding_box_train/0002_c1s1_000451_03.jpg": ("2", "0", "train"),
    "bounding_box_train/1500_c6s3_000451_03.jpg": ("1500", "5", "train"),
    "bounding_box_train/0000_c1s1_000451_03.jpg": OUT,
    "bounding_box_train/-1_c1s1_000451_03.jpg": OUT,
    "query/0001_c6s3_001051_00.jpg": ("1", "5", "query"),
    "query/0000_c6s3_001051_00.jpg": OUT,
    "query/-1_c6s3_001051_00.jpg": OUT,
    "bounding_box_test/0001_c2s3_001051_00.jpg": ("1", "1", "gallery"),
    "bounding_box_test/0000_c2s3_001051_00.jpg": ("0", "1", "gallery"),  # a distractor: nobody who is searched
    "bounding_box_test/-1_c2s3_001051_00.jpg": OUT,
}
MSMT = {  # path below the list's folder, and the person in the list: in train and in test 0 is another person
    ("list_train.txt", "0000/0000_000_01_0303morning_0008_0.jpg 0"): ("train/0", "0", "train"),
    ("list_train.txt", "0001/0001_013_15_0302afternoon_0020_2_ex.jpg 1"): ("train/1", "14", "train"),
    ("list_val.txt", "0000/0000_046_12_0303noon_0006_2_ex.jpg 0"): ("train/0", "11", "train"),
    ("list_query.txt", "0000/0000_002_01_0303morning_0016_2.jpg 0"): ("test/0", "0", "query"),
    ("list_query.txt", "3059/3059_010_03_0303morning_0016_2.jpg 3059"): ("test/3059", "2", "query"),
    ("list_gallery.txt", "0000/0000_003_02_0303morning_0016_2.jpg 0"): ("test/0", "1", "gallery"),
    ("list_gallery.txt", "3059/3059_011_04_0303morning_0016_2.jpg 3059"): ("test/3059", "3", "gallery"),
    ("list_gallery.txt", "9999/9999_011_04_0303morning_0016_2.jpg -1"): OUT,
}
VERI = {
    "image_train/0001_c001_00016450_0.jpg": ("1", "0", "train"),
    "image_train/0776_c020_00016450_0.jpg": ("776", "19", "train"),
    "image_train/-1_c020_00016450_0.jpg": OUT,
    "image_query/0002_c002_00030600_0.jpg": ("2", "1", "query"),
    "image_test/0002_c002_00030600_0.jpg": ("2", "1", "gallery"),  # the same image: the camera rule leaves it out
    "image_test/0002_c003_00030600_1.jpg": ("2", "2", "gallery"),
    "image_test/0000_c003_00030600_1.jpg": ("0", "2", "gallery"),  # no distractor: they are Market-1501's
}


def fill(root: Path, names) -> Path:
    for number, name in enumerate(names):
        layouts.save(root / name, np.full((4, 2, 3), number, np.uint8))
    return root


def said(root: Path) -> dict[str, tuple[str, str, str]]:
    listing = recognise(root).read(root, None)
    return dict(zip(listing.paths, zip(listing.people, listing.cameras, listing.splits)))


def kept(table: dict) -> dict:
    return {name: meaning for name, meaning in table.items() if meaning is not OUT}


def test_market1501(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert said(fill(tmp_path, MARKET)) == kept(MARKET)
    assert not recwarn.list, "junk is usual there"


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("mask_train_v2", "mask_test_v2")])
def test_msmt17(tmp_path: Path, train: str, test: str) -> None:
    paths = {}
    for (name, line), meaning in MSMT.items():
        with (tmp_path / name).open("a") as file:
            file.write(f"{line}\n")
        paths[f"{train if name in ('list_train.txt', 'list_val.txt') else test}/{line.split()[0]}"] = meaning
    with pytest.warns(UserWarning, match=r"1 of 8 images have identity -1 \(junk\) and are left out"):
        assert said(fill(tmp_path, paths)) == kept(paths)


def test_veri776(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"1 of 7 images have identity -1 \(junk\) and are left out"):
        assert said(fill(tmp_path, VERI)) == kept(VERI)


def test_cuhk03(tmp_path: Path) -> None:
    """Person 1 of pair 1 and person 1 of pair 5 are two people."""
    layouts.cuhk03(tmp_path)
    found = said(tmp_path)
    assert len(found) == 4 * (len(layouts.TRAIN) + len(layouts.TEST))
    assert found["images_detected/1_001_1_01.png"] == ("1_001", "0", "train")
    assert found["images_detected/5_001_2_07.png"] == ("5_001", "1", "train")
    assert found["images_detected/5_003_1_01.png"] == ("5_003", "0", "query")
    assert found["images_detected/5_003_2_07.png"] == ("5_003", "1", "gallery")


@pytest.mark.parametrize("name", layouts.WRITERS)
def test_every_image_is_in_its_part_with_its_person_camera_and_pixels(name: str, tmp_path: Path) -> None:
    written = layouts.WRITERS[name](tmp_path)
    assert recognise(tmp_path) is LAYOUTS[name]
    splits = Images(str(tmp_path)).load(SMOKE, size=(32, 16))
    held = splits.validation
    sides = {
        "train": (splits.train, held.query, held.gallery),
        "query": (splits.test.query,),
        "gallery": (splits.test.gallery,),
    }
    names: dict[str, int] = {}
    for part, data in ((part, d) for part, sets in sides.items() for d in sets):
        for pixels, identity, camera, key in zip(data.images, data.ids, data.cams, data.keys):
            if name == "market1501" and identity == 0:
                assert part == "gallery" and key.startswith("bounding_box_test/0000_")
                continue
            d = written.pop(key)
            assert d.part == part and names.setdefault(data.name_of(identity), d.person) == d.person
            assert camera == d.camera + (13 if name.startswith("msmt17") else 0)
            np.testing.assert_array_equal(pixels, d.pixels)
    assert not written and len(set(names.values())) == len(names) == len(layouts.TRAIN) + len(layouts.TEST)
    assert splits.train.num_ids + held.gallery.num_ids == len(layouts.TRAIN) and held.query.num_ids > 1


def test_cuhk03_is_the_same_unpacked_by_torchreid(tmp_path: Path) -> None:
    layouts.cuhk03(tmp_path / "a")
    layouts.cuhk03_unpacked(tmp_path / "b")
    a, b = (LAYOUTS["cuhk03-detected"].read(tmp_path / x, None) for x in "ab")
    assert sorted(zip(a.paths, a.people, a.cameras, a.splits)) == sorted(zip(b.paths, b.people, b.cameras, b.splits))
    for name in a.paths[:9]:
        np.testing.assert_array_equal(*(np.asarray(Image.open(tmp_path / x / name)) for x in "ab"))
