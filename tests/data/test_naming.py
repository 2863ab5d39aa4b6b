"""What the columns of a table and the groups of a pattern mean, and what is made of the fields."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.data.folders import crops
from rbcl_lite.data.headings import assign, meaning
from rbcl_lite.data.naming import find_table, from_pattern, from_table

SIZE = (4, 2)


def table(folder: Path, header: str, *lines: str) -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def images(root: Path, names) -> Path:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 2, 3), i, np.uint8)).save(root / name)
    return root


@pytest.mark.parametrize("heading", ["camera", "cam", "CamID", "camera_id", "Camera ID", "cam-id", "CAM", "cid"])
def test_spellings_of_the_camera(heading, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listing = from_table(tmp_path, table(tmp_path, f"path,id,{heading}", "a.png,x,1", "b.png,x,2"))
    assert listing.cameras == ["1", "2"]


@pytest.mark.parametrize("path", ["path", "File", "filename", "image_path", "img"])
@pytest.mark.parametrize("identity", ["id", "PID", "person", "person_id", "Identity", "label"])
def test_spellings_of_path_and_identity(path, identity, tmp_path):
    listing = from_table(tmp_path, table(tmp_path, f"{identity},{path}", "x,a.png", "y,b.png"))
    assert (listing.paths, listing.people, listing.cameras) == (["a.png", "b.png"], ["x", "y"], None)


@pytest.mark.parametrize("group", ["cam", "camera", "camid", "cam_id", "CameraID"])
def test_spellings_of_the_camera_in_a_pattern(group, tmp_path):
    images(tmp_path, ["anna_1.png", "bo_2.png"])
    listing = from_pattern(tmp_path, rf"(?P<person>\w+)_(?P<{group}>\d)")
    assert (listing.people, listing.cameras) == (["anna", "bo"], ["1", "2"])


def test_a_heading_means_one_thing():
    assert [meaning(h) for h in ("subset", "weather", "", "track_id", "image_id")] == ["split", None, None, None, None]
    with pytest.raises(ValueError, match=r"t.csv: 'id' and 'Person ID' both mean id; rename or remove one of them"):
        assign(["path", "id", "Person ID"], "t.csv")


def test_two_columns_of_one_meaning_and_two_groups(tmp_path):
    with pytest.raises(ValueError, match="'cam' and 'camid' both mean camera"):
        from_table(tmp_path, table(tmp_path, "path,id,cam,camid", "a.png,1,2,3"))
    with pytest.raises(ValueError, match="'id' and 'id' both mean id"):
        from_table(tmp_path, table(tmp_path, "path,id,id", "a.png,1,1"))
    with pytest.raises(ValueError, match=r"pattern .* 'pid' and 'id' both mean id"):
        from_pattern(tmp_path, "(?P<pid>a)(?P<id>b)")


def test_columns_and_groups_that_mean_nothing(tmp_path):
    with pytest.warns(UserWarning, match="columns 'kamera', 'age' are not used; one that holds the camera must be"):
        from_table(tmp_path, table(tmp_path, "path,id,kamera,age", "a.png,1,2,3"))
    with pytest.raises(ValueError, match=r"has the group kamera, which means nothing here; known are id, pid.*camid"):
        from_pattern(tmp_path, r"(?P<id>\w+)_(?P<kamera>\d)")
    with pytest.raises(ValueError, match="has the group path, which"):
        from_pattern(tmp_path, r"(?P<id>\w+)_(?P<path>\d)")


def test_junk_zero_and_missing_people(tmp_path):
    with pytest.warns(UserWarning, match="1 of 4 images have identity -1"):
        listing = from_table(
            tmp_path, table(tmp_path, "path,id,cam", "a.png,0,1", "b.png,-1,2", "c.png,0,3", "d.png,5,1")
        )
    assert (listing.paths, listing.people) == (["a.png", "c.png", "d.png"], ["0", "0", "5"]), "0 is a person here"
    assert listing.cameras == ["1", "3", "1"]
    with pytest.raises(ValueError, match=r"no id in 1 of 2 places: 'nan' in 'b.png,nan' \(line 3\)"):
        from_table(tmp_path, table(tmp_path, "path,id", "a.png,1", "b.png,nan"))
    images(tmp_path, ["x/-1_c1.png", "x/7_c1.png", "x/7_c2.png"])
    with pytest.warns(UserWarning, match="1 of 3 images have identity -1"):
        assert from_pattern(tmp_path, r"(?P<id>-?\d+)_c").people == ["7", "7"]
    with pytest.warns(UserWarning, match="1 of 3 images have identity -1"):
        assert from_pattern(tmp_path, r"(?P<id>\d+)_c").people == ["7", "7"], "the sign is not lost"


def test_a_hyphen_between_words_is_no_sign(tmp_path):
    images(tmp_path, ["person-1/0.png", "2021-1/0.png"])
    assert from_pattern(tmp_path, r"-(?P<id>\d+)/").people == ["1", "1"]


def test_spellings_of_one_camera(tmp_path):
    with pytest.raises(ValueError, match=r"writes 1 of its camera names in more than one way: '1' and '1.0'"):
        from_table(tmp_path, table(tmp_path, "path,id,cam", "a.png,1,1", "b.png,1,1.0"))


@pytest.mark.parametrize("unknown", ["", "nan", "-1"])
def test_cameras_that_are_not_known(unknown, tmp_path):
    lines = [f"a.png,1,{unknown}", f"b.png,1,{unknown}"]
    assert from_table(tmp_path, table(tmp_path, "path,id,cam", *lines)).cameras is None
    with pytest.raises(ValueError, match=r"no camera in 'a.png,1,.*' \(line 2\) \(1 such lines\)"):
        from_table(tmp_path, table(tmp_path, "path,id,cam", lines[0], "b.png,1,2"))


def test_paths_in_the_table(tmp_path):
    listing = from_table(tmp_path, table(tmp_path, "path,id", "./a.png,1", f"{tmp_path}/x/b.png,2", "x/../c.png,3"))
    assert listing.paths == ["a.png", "x/b.png", "c.png"]


def test_a_table_that_could_be_two_files(tmp_path, monkeypatch):
    for folder in ("here", "root"):
        (tmp_path / folder).mkdir()
        table(tmp_path / folder, "path,id", "a.png,1")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ValueError, match=r"people.csv could be .*/here/people.csv or .*/root/people.csv; give the"):
        find_table(tmp_path / "root", Path("people.csv"))
    Path("people.csv").unlink()
    assert find_table(tmp_path / "root", Path("people.csv")) == tmp_path / "root/people.csv"


SPLIT = {"train": "abcd", "query": "ef", "gallery": "efg"}


def written(root: Path, splits=SPLIT, header="path,id,cam,split") -> Path:
    """Everybody at two cameras; a query at camera 1, the gallery at camera 2 where a person is in both."""
    lines = []
    for split, people in splits.items():
        for p in people:
            both = p in splits.get("query", "") and p in splits.get("gallery", "")
            cameras = {"query": (1,), "gallery": (2,)}.get(split, (1, 2)) if both else (1, 2)
            lines += [f"{split}/{p}{c}.png,{p},{c},{split}" for c in cameras]
    images(root, [line.split(",")[0] for line in lines])
    return table(root, header, *lines)


def people_of(s):
    parts = (s.train, s.validation.query, s.validation.gallery, s.test.query, s.test.gallery)
    return ["".join(sorted(d.people)) for d in parts]


@pytest.mark.parametrize("heading", ["split", "Set", "subset"])
def test_a_split_column_is_honoured(heading, tmp_path):
    s = crops(tmp_path, table=written(tmp_path, header=f"path,id,cam,{heading}"), size=SIZE, validation=0.4, seed=1)
    train, query, gallery, tested, searched = people_of(s)
    assert (tested, searched) == ("ef", "efg") and query == gallery and sorted(train + query) == list("abcd")
    assert all(k.startswith("query/") for k in s.test.query.keys) and len(s.test.query) == 2
    assert sorted(k for k in s.test.gallery.keys) == [
        "gallery/e2.png",
        "gallery/f2.png",
        "gallery/g1.png",
        "gallery/g2.png",
    ]


def test_a_split_in_the_pattern_with_val_and_test(tmp_path):
    written(tmp_path, {"train": "ab", "val": "cd", "test": "efg"})
    s = crops(tmp_path, pattern=r"^(?P<set>\w+)/(?P<id>\w)(?P<cam>\d)", size=SIZE)
    assert people_of(s) == ["ab", "cd", "cd", "efg", "efg"]


def test_an_empty_split_column_is_as_good_as_none(tmp_path):
    path = written(tmp_path)
    lines = [line.rsplit(",", 1)[0] + "," for line in path.read_text().splitlines()[1:]]
    s = crops(tmp_path, table=table(tmp_path, "path,id,cam,split", *lines), size=SIZE)
    assert sorted("".join(people_of(s)[i] for i in (0, 1, 3))) == list("abcdefg")


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": "abe", "query": "ef", "gallery": "ef"}, "1 people are in train and in test by the split: e. A retr"),
        ({"train": "ab", "val": "ac", "test": "ef"}, "1 people are in train and in validation by the split: a"),
        ({"train": "ab", "val": "ce", "test": "ef"}, "1 people are in validation and in test by the split: e"),
        ({"train": "abcd", "holdout": "ef"}, "split 'holdout' is not known; write train, val, and query and gallery"),
        ({"train": "abcd", "query": "ef"}, "split holds query, train; it needs train, and query and gallery or test"),
        ({"query": "ab", "gallery": "ab"}, "split holds gallery, query; it needs train"),
        ({"train": "abcd", "query": "ef", "test": "ef"}, "the split holds test beside query; write query and gallery"),
        ({"train": "abcd", "query": "ef", "gallery": "gh"}, "no query has an image from another camera of its person"),
    ],
)
def test_splits_that_cannot_be(splits, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        crops(tmp_path, table=written(tmp_path, splits), size=SIZE, validation=0.4, seed=1)


def test_a_query_at_the_camera_of_its_only_gallery_image_cannot_be_searched(tmp_path):
    names = [
        f"{s}/{p}{i}.png,{p},1,{s}"
        for s, p in (*(("train", c) for c in "abcd"), ("query", "e"), ("gallery", "e"))
        for i in range(2)
    ]
    images(tmp_path, [n.split(",")[0] for n in names])
    with pytest.raises(ValueError, match="no query has an image from another camera"):
        crops(tmp_path, table=table(tmp_path, "path,id,cam,split", *names), size=SIZE, validation=0.4, seed=1)
    without = [n.replace(",1,", ",,") for n in names]
    s = crops(tmp_path, table=table(tmp_path, "path,id,cam,split", *without), size=SIZE, validation=0.4, seed=1)
    assert s.test.query.cams is None and people_of(s)[3] == "e"


def test_a_line_without_a_split(tmp_path):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("train/a1.png,a,1,train", "train/a1.png,a,1,"))
    with pytest.raises(ValueError, match=r"no split in 'train/a1.png,a,1,' \(line 2\)"):
        crops(tmp_path, table=path, size=SIZE)
