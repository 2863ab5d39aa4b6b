"""Crops from disk: Market-1501's exact layout, tables, patterns, and every way in which a folder can be wrong."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.data.decoding import decode
from rbcl_lite.data.folders import crops, market1501
from rbcl_lite.data.world import World

SIZE = (16, 8)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "cache"))


def picture(path: Path, seed: int, size=SIZE) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def market(tmp_path) -> Path:
    """10 training people with 3 cameras and 2 images each, 3 test people, junk and distractors."""
    root, seed = tmp_path / "Market", 0
    for person in range(2, 22, 2):
        for camera in (1, 3, 6):
            for frame in (451, 476):
                picture(root / f"bounding_box_train/{person:04d}_c{camera}s1_{frame:06d}_03.jpg", seed := seed + 1)
    for person in (1, 3, 1501):
        for camera in (1, 2):
            picture(root / f"query/{person:04d}_c{camera}s3_000001_00.jpg", seed := seed + 1)
            picture(root / f"bounding_box_test/{person:04d}_c{camera}s3_000002_01.jpg", seed := seed + 1)
    for person, camera in (("-1", 1), ("-1", 6), ("0000", 2)):
        picture(root / f"bounding_box_test/{person}_c{camera}s1_000009_01.jpg", seed := seed + 1)
    for junk in ("query/Thumbs.db", "bounding_box_test/.DS_Store", "readme.txt"):
        (root / junk).write_text("no image")
    return root


@pytest.fixture
def people(tmp_path) -> Path:
    """8 people x 2 cameras x 2 images as anna/cam2_0.png, person names a..h."""
    root = tmp_path / "crops"
    for p in range(8):
        for camera in (2, 7):
            for i in range(2):
                picture(root / f"{'abcdefgh'[p]}/cam{camera}_{i}.png", 100 * p + 10 * camera + i)
    return root


def parts(splits):
    return [splits.train, splits.validation.query, splits.validation.gallery, splits.test.query, splits.test.gallery]


def test_market_counts_ids_cameras_and_keys(market):
    s = market1501(market, size=SIZE, seed=3)
    assert [len(d) for d in parts(s)] == [8 * 6, 2 * 3, 2 * 3, 6, 7]
    assert [d.num_ids for d in parts(s)] == [8, 2, 2, 3, 4]
    assert s.test.query.ids.tolist() == [1, 1, 3, 3, 1501, 1501]
    assert s.test.gallery.ids.tolist() == [0, 1, 1, 3, 3, 1501, 1501], "distractors stay, junk goes"
    assert s.test.query.cams.tolist() == [0, 1] * 3
    assert set(s.train.cams.tolist()) == {0, 2, 5}
    assert s.test.query.keys[0] == "query/0001_c1s3_000001_00.jpg"
    keys = [k for d in parts(s) for k in d.keys]
    assert len(set(keys)) == len(keys)
    assert not set(s.train.ids) & set(s.validation.query.ids)
    assert set(s.validation.query.ids) == set(s.validation.gallery.ids)


def test_every_row_shows_the_image_of_its_key(market):
    for d in parts(market1501(market, size=SIZE)):
        assert d.images.dtype == np.uint8 and d.size == SIZE
        for row, key in zip(d.images, d.keys):
            np.testing.assert_array_equal(row, np.asarray(Image.open(market / key)))


def test_rendered_people_come_back_from_disk_as_they_were_drawn(tmp_path):
    ids, cams, indices = (a.ravel() for a in np.meshgrid(np.arange(6), [0, 3], [0, 1], indexing="ij"))
    drawn = World("campus", identities=6, seed=0, size=(32, 16)).images(ids, cams, indices)
    for image, person, camera, index in zip(drawn, ids, cams, indices):
        folder = "bounding_box_train" if person < 4 else ("query", "bounding_box_test")[index]
        path = tmp_path / "World" / folder / f"{person + 1:04d}_c{camera + 1}s1_{index:06d}_00.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, format="PNG")  # lossless: the decoder looks at the content, not the name
    read = {}
    for d in parts(market1501(tmp_path / "World", size=(32, 16), validation=0.5, seed=4)):
        for image, person, camera, key in zip(d.images, d.ids, d.cams, d.keys):
            read[person - 1, camera, int(key.split("_")[-2])] = image
    assert len(read) == len(drawn)
    for image, *place in zip(drawn, ids, cams, indices):
        np.testing.assert_array_equal(read[tuple(place)], image)


def test_person_and_camera_zero_and_junk_in_train_are_not_used(market):
    picture(market / "bounding_box_train/0000_c1s1_000001_00.jpg", 1)
    picture(market / "bounding_box_train/-1_c1s1_000001_00.jpg", 1)
    s = market1501(market, size=SIZE)
    assert min(s.train.ids.min(), s.validation.gallery.ids.min()) > 0
    assert len(s.train) + len(s.validation.query) + len(s.validation.gallery) == 60


def test_validation_people_follow_the_seed(market):
    chosen = [frozenset(market1501(market, size=SIZE, seed=s).validation.query.ids.tolist()) for s in (0, 0, 1, 3)]
    assert chosen[0] == chosen[1] and len(set(chosen)) > 1
    more = set(market1501(market, size=SIZE, validation=0.5).validation.query.ids.tolist())
    assert more > chosen[0], "a larger share holds the smaller one"


def test_validation_queries_have_one_image_per_person_and_camera(market):
    v = market1501(market, size=SIZE, seed=3).validation
    pairs = list(zip(v.query.ids.tolist(), v.query.cams.tolist()))
    assert len(set(pairs)) == len(pairs) == 2 * 3
    for person, camera in pairs:
        assert ((v.gallery.ids == person) & (v.gallery.cams != camera)).any()


def test_images_are_decoded_once_and_again_when_a_file_changes(market, monkeypatch):
    first = market1501(market, size=SIZE)

    def forbidden(*_):
        raise AssertionError("decoded although cached")

    with monkeypatch.context() as patched:
        patched.setattr("rbcl_lite.data.decoding.decode_image", forbidden)
        again = market1501(market, size=SIZE)
        with pytest.raises(AssertionError, match="decoded"):
            market1501(market, size=(8, 4))
    np.testing.assert_array_equal(first.train.images, again.train.images)
    assert isinstance(again.test.gallery.images, np.memmap)
    with monkeypatch.context() as patched:
        patched.setattr("rbcl_lite.data.decoding.decode_image", forbidden)
        victim = market / "query/0001_c1s3_000001_00.jpg"
        os.utime(victim, ns=(0, victim.stat().st_mtime_ns + 1))
        with pytest.raises(AssertionError, match="decoded"):  # other content may have the same length
            market1501(market, size=SIZE)
    picture(market / "query/0001_c1s3_000001_00.jpg", 999)
    assert (market1501(market, size=SIZE).test.query.images[0] != first.test.query.images[0]).any()


def test_progress_bar_only_for_long_work(market, capsys, monkeypatch):
    market1501(market, size=SIZE)
    assert capsys.readouterr().out == ""
    market1501(market, size=(8, 8), progress=True)
    assert "decoding Market" in capsys.readouterr().out
    asked = []
    monkeypatch.setattr("rbcl_lite.data.decoding.LONG", 10)
    monkeypatch.setattr("rbcl_lite.data.decoding.bar", lambda x, **k: asked.append((k["total"], k["enabled"])) or x)
    market1501(market, size=(4, 4))
    assert sorted(asked) == [(6, False), (7, False), (60, None)], "None leaves it to whether a terminal watches"


@pytest.mark.parametrize("folder", ["bounding_box_train", "bounding_box_test", "query"])
def test_missing_folder_names_path_and_layout(market, folder):
    (market / folder).rename(market / "elsewhere")
    with pytest.raises(FileNotFoundError, match=rf"{folder} is no folder(?s:.*)bounding_box_test/0001_c1s1"):
        market1501(market, size=SIZE)


def test_root_one_level_too_high_is_pointed_out(market):
    with pytest.raises(FileNotFoundError, match=f"Did you mean {market}"):
        market1501(market.parent, size=SIZE)


def test_name_that_does_not_fit_the_layout(market):
    picture(market / "query/anna_1.jpg", 0)
    with pytest.raises(ValueError, match=r"1 names in .*query do not fit, first .*anna_1.jpg(?s:.*)PERSON_cCAMERA"):
        market1501(market, size=SIZE)


def test_folder_without_images_and_folder_of_junk_only(market):
    for f in (market / "query").glob("*.jpg"):
        f.unlink()
    with pytest.raises(ValueError, match=r"query holds no image; looked for \.jpg"):
        market1501(market, size=SIZE)
    picture(market / "query/-1_c1s1_000001_00.jpg", 0)
    with pytest.raises(ValueError, match="holds 1 images, all of person -1 or 0"):
        market1501(market, size=SIZE)


def test_query_and_gallery_of_different_people(market):
    for f in (market / "query").glob("*.jpg"):
        f.rename(f.with_name("7777" + f.name[4:]))
    with pytest.raises(ValueError, match=r"no person of .*query occurs in .*bounding_box_test"):
        market1501(market, size=SIZE)


def test_truncated_and_empty_and_foreign_files_are_named(market):
    victim = market / "bounding_box_train/0002_c1s1_000451_03.jpg"
    whole = victim.read_bytes()
    half = whole[: len(whole) // 2]
    for content, why in ((half, "cannot be decoded"), (b"", "is empty"), (b"text", "cannot be decoded")):
        victim.write_bytes(content)
        with pytest.raises(ValueError, match=f"{victim.name} {why}"):
            market1501(market, size=SIZE)
    victim.write_bytes(whole)
    market1501(market, size=SIZE)


def test_too_few_people_and_bad_share_and_bad_size(market):
    with pytest.raises(ValueError, match=r"must lie between 0 and 1, got 1.5"):
        market1501(market, size=SIZE, validation=1.5)
    with pytest.raises(ValueError, match=r"put \[0, 10\] of the 10 people .* another seed or other shares"):
        market1501(market, size=SIZE, validation=0.99999)
    with pytest.raises(ValueError, match=r"put \[9, 1\] of the 10 people .* each needs 2.*\(seed 0 would do\)"):
        market1501(market, size=SIZE, seed=2)
    with pytest.raises(ValueError, match=r"size must be .* got \(0, 8\)"):
        market1501(market, size=(0, 8))
    for f in (market / "bounding_box_train").glob("*.jpg"):
        if int(f.name[:4]) > 6:
            f.unlink()
    with pytest.raises(ValueError, match="has 3 people; 2 disjoint splits need 2 people each, 4 in all"):
        market1501(market, size=SIZE)


def test_crops_by_pattern(people):
    s = crops(people, pattern=r"^(?P<id>\w)/cam(?P<cam>\d+)_", size=SIZE, seed=6)
    assert [d.num_ids for d in parts(s)] == [3, 2, 2, 3, 3]
    groups = [set(s.train.ids), set(s.validation.gallery.ids), set(s.test.gallery.ids)]
    assert set().union(*groups) == set(range(1, 9)) and sum(map(len, groups)) == 8
    for d in parts(s):
        assert set(d.cams.tolist()) == {0, 1}
        for row, person, camera, key in zip(d.images, d.ids, d.cams, d.keys):
            assert key.startswith(f"{'abcdefgh'[person - 1]}/cam{(2, 7)[camera]}_")
            np.testing.assert_array_equal(row, np.asarray(Image.open(people / key)))
    files = sorted(p.relative_to(people).as_posix() for p in people.rglob("*.png"))
    assert sorted(k for d in parts(s) for k in d.keys) == files


def test_test_people_do_not_depend_on_the_validation_share(people):
    a, b = (crops(people, pattern=r"^(?P<id>\w)/", size=SIZE, validation=v, seed=2) for v in (0.2, 0.45))
    assert a.test.query.people == b.test.query.people
    assert a.validation.query.people < b.validation.query.people


@pytest.mark.parametrize("kind", ["crops", "market"])
def test_a_folder_that_grows_or_moves_moves_nobody(kind, tmp_path):
    """The old model's training people must not become test people of the new one."""

    def grown(root, first, last):
        for person in range(first, last):
            for camera in (1, 2):
                for i in range(2):
                    name = f"{(person * 37) % 101:04d}_c{camera}s1_{i}.png"  # new people come between the others
                    picture(root / "bounding_box_train" / name, person, (2, 2))
        return root

    def load(root):
        if kind == "market":
            return market1501(root, size=(2, 2), seed=1)
        return crops(root / "bounding_box_train", pattern=r"(?P<id>\d+)_c(?P<cam>\d)", size=(2, 2), seed=1)

    root = grown(tmp_path / "old", 1, 31)
    for folder in ("query", "bounding_box_test"):
        for camera in (1, 2):
            picture(root / folder / f"0500_c{camera}s1_0.png", camera, (2, 2))
    old = load(root)
    new = load(grown(root.rename(tmp_path / "new"), 31, 61))
    few = old.train.people | old.validation.query.people | old.test.query.people
    for a, b in zip(parts(old), parts(new)):
        assert a.people and a.people == b.people & few
        assert set(a.keys) <= set(b.keys), "who asked asks again, with the same image"
    assert new.train.num_ids > old.train.num_ids


def test_numbers_of_people_are_positions_and_names_are_theirs(people):
    s = crops(people, pattern=r"^(?P<id>\w)/", size=SIZE)
    for d in parts(s):
        assert {d.name_of(i) for i in d.ids} == d.people == {k[0] for k in d.keys}


def test_unknown_cameras_give_one_query_per_person(people):
    s = crops(people, pattern=r"^(?P<id>\w)/", size=SIZE)
    assert all(d.cams is None for d in parts(s))
    assert len(s.test.query) == s.test.query.num_ids == s.test.gallery.num_ids


def table(people: Path, header="path,id,camera", change=lambda lines: lines) -> Path:
    rows = [
        f"{c}/cam{k}_{i}.png,{c},{'door' if k == 2 else 'yard'}" for c in "abcdefgh" for k in (2, 7) for i in range(2)
    ]
    path = people / "people.csv"
    path.write_text("\n".join([header, *change(rows)]) + "\n", encoding="utf-8")
    return path


def test_crops_by_table_equal_crops_by_pattern(people):
    a = crops(people, table=table(people), size=SIZE, seed=2)
    b = crops(people, pattern=r"^(?P<id>\w)/cam(?P<cam>\d+)", size=SIZE, seed=2)
    for x, y in zip(parts(a), parts(b)):
        assert x.keys == y.keys
        for u, v in ((x.ids, y.ids), (x.cams, y.cams), (x.images, y.images)):
            np.testing.assert_array_equal(u, v)


def test_table_relative_to_root_byte_order_mark_and_spaces(people):
    table(people, header="\ufeffpath, id ,camera", change=lambda rows: [r.replace(",", " , ") for r in rows])
    assert crops(people, table="people.csv", size=SIZE, seed=2).train.num_ids == 4


def test_table_without_camera(people):
    with pytest.warns(UserWarning, match="the columns 'note' are not used; .* must be called camera"):
        assert crops(people, table=table(people, "path,id,note"), size=SIZE).train.cams is None
    blank = table(people, change=lambda rows: [r.rsplit(",", 1)[0] + "," for r in rows])
    assert crops(people, table=blank, size=SIZE).train.cams is None


def test_images_of_other_sizes_and_modes_become_rgb(people):
    grey = people / "a/cam2_0.png"
    Image.fromarray(np.full((33, 20), 77, np.uint8)).save(grey)
    half = people / "b/cam2_0.png"
    Image.fromarray(np.repeat([[0, 255]], 32, 0).repeat(8, 1).astype(np.uint8)).convert("RGBA").save(half)
    s = crops(people, pattern=r"^(?P<id>\w)/", size=SIZE)
    rows = {k: d.images[i] for d in parts(s) for i, k in enumerate(d.keys)}
    assert (rows["a/cam2_0.png"] == 77).all()
    columns = rows["b/cam2_0.png"][:, :, 0].mean(0)
    assert columns[0] == 0 and columns[-1] == 255 and (np.diff(columns) >= 0).all()
    stripes = people / "c/cam2_0.png"  # a filter without antialiasing would keep only one of two colours
    Image.fromarray(np.tile(np.array([[0, 255]], np.uint8), (64, 16))).save(stripes)
    shown = decode(people, ["c/cam2_0.png"], SIZE)[0]
    assert 100 < shown[:, 2:-2].min() and shown[:, 2:-2].max() < 155


def test_neither_or_both_of_table_and_pattern(people):
    for arguments in ({}, {"table": "people.csv", "pattern": "(?P<id>.)"}):
        with pytest.raises(ValueError, match="either table="):
            crops(people, **arguments)


def test_missing_root_and_missing_table(people, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        crops(tmp_path / "nowhere", pattern="(?P<id>.)")
    with pytest.raises(FileNotFoundError, match=r"no table at absent.csv, nor at .*absent.csv"):
        crops(people, table="absent.csv")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<id>", "is no regular expression"),
        (r"^\w/", "has no group named id"),
        (r"^(?P<id>[a-g])/", r"4 of 32 images do not fit .* first h/cam2_0.png"),
        (r"^(?P<id>\w)/(cam(?P<cam>2))?", r"16 of 32 images do not fit"),
        ("(?P<id>png)", "all 32 images of .* have one identity"),
        ("cam(?P<id>.)", "has 2 people; 3 disjoint splits need 2 people each, 6 in all"),
    ],
)
def test_bad_patterns(people, pattern, message):
    with pytest.raises(ValueError, match=message):
        crops(people, pattern=pattern, size=SIZE)


def test_no_images_below_root(tmp_path):
    (tmp_path / "empty/.hidden").mkdir(parents=True)
    picture(tmp_path / "empty/.hidden/a.png", 0)
    with pytest.raises(ValueError, match=r"holds no image; looked for .* there and below"):
        crops(tmp_path / "empty", pattern="(?P<id>.)")


@pytest.mark.parametrize(
    ("header", "change", "message"),
    [
        ("name,id", lambda r: r, "lacks the column path; it has name, id"),
        ("a,b", lambda r: r, "lacks the column id, path"),
        ("path,id,camera", lambda r: [], "lists no image"),
        (
            "path,id,camera",
            lambda r: [*r[:3], r[3].replace(",a,", ",,"), *r[4:]],
            r"no id in 1 of 32 places: '' in 'a/cam7_1.png,,yard' \(line 5\). Write -1 where",
        ),
        ("path,id,camera", lambda r: [r[0].replace("door", ""), *r[1:]], r"no camera in 'a/cam2_0.png,a,' \(line 2\)"),
        ("path,id,camera", lambda r: [",x,y", *r], "no path in ',x,y'"),
        ("path,id,camera", lambda r: [*r, r[0]], "lists 1 images more than once, first a/cam2_0.png"),
        (
            "path,id,camera",
            lambda r: [*r, "a,b.png,c,d"],
            "4 fields where the header has 3, in 'a,b.png,c,d'",
        ),
        ("path,id", lambda r: r, "3 fields where the header has 2"),
        ("path,id,camera", lambda r: ["a.png,1", *r], "2 fields where the header has 3"),
    ],
)
def test_bad_tables(people, header, change, message):
    with pytest.raises(ValueError, match=message):
        crops(people, table=table(people, header, change), size=SIZE)


def test_empty_table_and_listed_file_missing(people):
    (people / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=r"empty.csv lacks the column id, path; it has none"):
        crops(people, table="empty.csv")
    (people / "sheet.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ValueError, match=r"sheet.csv is no CSV table in UTF-8"):
        crops(people, table="sheet.csv")
    (people / "c/cam7_1.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 32 images are missing, first .*c/cam7_1.png"):
        crops(people, table=table(people), size=SIZE)


def test_held_out_people_that_nobody_can_search(people):
    with pytest.raises(ValueError, match=r"held-out people of .* has images from two cameras: nothing can be"):
        crops(people, pattern=r"^(?P<id>(?P<cam>\w))/", size=SIZE)
