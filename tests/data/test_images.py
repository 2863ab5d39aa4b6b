"""From a name to splits, and what the images of a source depend on."""

import json
import os
import shutil
import time
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.data import digests, images
from rbcl_lite.data.images import Images
from rbcl_lite.data.rendered import rendered_splits


@pytest.fixture
def folder(tmp_path) -> Path:
    """6 people x 2 cameras x 2 images as 03/cam1_0.png, and a table of them outside the folder."""
    root = tmp_path / "crops"
    lines = ["path,id,camera"]
    for p in range(6):
        for c in range(2):
            for i in range(2):
                name = f"{p:02d}/cam{c}_{i}.png"
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.full((20, 10, 3), 40 * p + 10 * c + i, np.uint8)).save(root / name)
                lines.append(f"{name},{p},{c}")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return root


def test_a_domain(tiny_world):
    source = Images("station")
    assert source.rendered
    s = source.load(tiny_world, seed=2)
    same = rendered_splits("station", at=tiny_world, seed=2)
    assert np.array_equal(s.train.images, same.train.images) and s.train.keys == same.train.keys
    assert source.load(tiny_world, size=(16, 8)).train.size == (16, 8)


def test_a_folder_by_pattern_and_by_table(folder, tiny_world):
    pattern = Images(str(folder), pattern=r"(?P<id>\d+)/cam(?P<cam>\d)")
    table = Images(str(folder), table=str(folder.parent / "table.csv"))
    assert not pattern.rendered
    a, b = (s.load(tiny_world, seed=8) for s in (pattern, table))
    assert a.train.size == tiny_world.size
    assert a.train.keys == b.train.keys and a.test.gallery.keys == b.test.gallery.keys


def test_a_folder_in_no_known_layout(folder, tiny_world):
    with pytest.raises(FileNotFoundError, match=r"crops is in no known layout; looked for market1501 .*; found 00/"):
        Images(str(folder)).load(tiny_world)


def test_neither_domain_nor_folder(tiny_world):
    with pytest.raises(FileNotFoundError, match=r"'campos' is neither a domain \(campus, station, street\) nor"):
        Images("campos").load(tiny_world)

    with pytest.raises(
        FileNotFoundError, match=r"no folder .*/campos\. The path was resolved when it was named \(--data"
    ):
        Images("campos").version()


def sources(folder):
    return {
        "table": Images(str(folder), table=str(folder.parent / "table.csv")),
        "pattern": Images(str(folder), pattern=r"(?P<id>\d+)/cam(?P<cam>\d)"),
    }


def market(folder: Path) -> Images:
    for name, person in (("bounding_box_train", 3), ("query", 5), ("bounding_box_test", 5)):
        (folder / name).mkdir()
        shutil.copy(folder / "00/cam0_0.png", folder / name / f"{person:04d}_c1s1_0.png")
    return Images(str(folder))


@pytest.mark.parametrize("kind", ["table", "pattern", "market"])
def test_version_follows_the_bytes_of_the_files(kind, folder):
    source = market(folder) if kind == "market" else sources(folder)[kind]
    victim = folder / ("query/0005_c1s1_0.png" if kind == "market" else "00/cam0_0.png")
    version = source.version()
    assert source.version() == version
    later = time.time() + 10
    os.utime(victim, (later, later))
    (folder / "readme.txt").write_text("no image")
    assert source.version() == version, "a touched file and a file that is not read change nothing"
    os.utime(victim, (1, 1))
    content, times = victim.read_bytes(), victim.stat()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # as long as before
    os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))  # and as old
    assert source.version() != version
    victim.write_bytes(content)
    assert source.version() == version
    victim.rename(victim.with_name(victim.name.replace("_0.", "_9.")))
    if kind == "table":
        with pytest.raises(FileNotFoundError, match=r"1 of 24 images are missing, first .*cam0_0.png"):
            source.version()
    else:
        assert source.version() != version


@pytest.mark.parametrize("kind", ["table", "pattern", "market"])
def test_version_and_identity_do_not_depend_on_the_place(kind, folder, tmp_path):
    source = market(folder) if kind == "market" else sources(folder)[kind]
    if kind == "table":
        shutil.copy(folder.parent / "table.csv", folder / "table.csv")
        source = Images(str(folder), table=str(folder / "table.csv"))
    identity = source.identity()
    assert str(tmp_path) not in json.dumps(identity) and identity["version"] == source.version()
    moved = source.moved(folder.rename(tmp_path / "elsewhere"))
    assert moved != source and moved.identity() == identity
    assert kind != "table" or moved.table == str(tmp_path / "elsewhere/table.csv")
    with pytest.raises(FileNotFoundError, match="if the folder was moved, name its new place"):
        source.version()


def test_version_follows_what_the_table_says(folder):
    source = sources(folder)["table"]
    table = folder.parent / "table.csv"
    version, text = source.version(), table.read_text()
    table.write_text("\n".join("file,pid,cam" if i == 0 else line for i, line in enumerate(text.splitlines())))
    assert source.version() == version, "only the headings are spelled in another way"
    for change in (("05/cam1_1.png,5,1\n", ""), ("05/cam1_1.png,5,1", "05/cam1_1.png,5,0"), (",5,", ",6,")):
        table.write_text(text.replace(*change))
        assert source.version() != version
    assert source.version() != sources(folder)["pattern"].version()
    assert sources(folder)["pattern"].identity() != Images(str(folder), pattern="(?P<id>..)").identity()


def test_files_are_read_once(folder, monkeypatch):
    source = sources(folder)["pattern"]
    monkeypatch.setattr(digests, "RECENT", -10.0)
    version = source.version()
    reads = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: reads.append(path.name) or read(path))
    assert source.version() == version and not reads
    os.utime(folder / "03/cam1_0.png", (5, 5))
    assert source.version() == version and reads == ["cam1_0.png"]
    monkeypatch.setattr(digests, "RECENT", 1000.0)
    os.utime(folder / "03/cam1_0.png", (6, 6))
    source.version(), source.version()
    assert len(reads) == 3, "a file that changed a moment ago is not trusted"


def test_all_spellings_of_a_folder_are_one(folder, tmp_path, monkeypatch):
    pattern = r"(?P<id>\d+)/cam(?P<cam>\d)"
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    shutil.copy("table.csv", folder / "inside.csv")
    names = ["crops", "./crops/", "crops/../crops", "~/crops", "link", str(folder), folder]
    assert {Images(n, pattern=pattern) for n in names} == {Images(str(folder), pattern=pattern)}
    tables = [Images(n, table="inside.csv") for n in names] + [Images("crops", table="crops/inside.csv")]
    assert set(tables) == {Images(str(folder), table=str(folder / "inside.csv"))}
    made = Images("crops", table="table.csv")
    assert made.table == str(tmp_path / "table.csv")
    monkeypatch.chdir("/")
    again = Images(**asdict(made))  # what a run stores
    assert again == made and again.version() == made.version()


def test_a_domain_and_a_folder_of_one_name(folder, monkeypatch, tiny_world):
    folder.rename(folder.parent / "campus")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Images("campus").rendered
        monkeypatch.chdir(folder.parent)
        assert not Images("./campus", pattern="(?P<id>..)").rendered
    with pytest.warns(UserWarning, match=r"campus means the domain, not the folder .*/campus, which is ./campus"):
        assert Images("campus").rendered


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"pattern": "(?P<id>.)"}, ValueError, "campus is a domain that is drawn, .* the folder is ./campus"),
        ({"table": "people.csv"}, ValueError, "campus is a domain"),
        (
            {"data": "x", "table": "a.csv", "pattern": "b"},
            ValueError,
            r"a table \(a.csv\) or a pattern \(b\), not both",
        ),
        ({"data": ""}, ValueError, r"data is empty; give a domain \(campus"),
        ({"data": "x", "table": "a.csv"}, FileNotFoundError, r"no table at a.csv, nor at .*/x/a.csv"),
    ],
)
def test_images_that_cannot_be_named(given, error, message):
    with pytest.raises(error, match=message):
        Images(**given)


@pytest.mark.parametrize("data", ["campus", "folder"])
def test_version_follows_the_code(data, folder, monkeypatch):
    source = sources(folder)["pattern"] if data == "folder" else Images(data)
    before = source.version()
    monkeypatch.setattr(images, "fingerprint", lambda *modules: "another")
    assert source.version() != before
