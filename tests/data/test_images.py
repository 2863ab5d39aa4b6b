"""From a name to splits, and what the images of a source depend on."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.data import sources
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
    a, b = (s.load(tiny_world, seed=1) for s in (pattern, table))
    assert a.train.size == tiny_world.size
    assert a.train.keys == b.train.keys and a.test.gallery.keys == b.test.gallery.keys


def test_market_layout_is_the_default(folder, tiny_world):
    with pytest.raises(FileNotFoundError, match=r"bounding_box_train.*\n.*layout"):
        Images(str(folder)).load(tiny_world)


def test_neither_domain_nor_folder(tiny_world):
    with pytest.raises(FileNotFoundError, match=r"'campos' is neither a domain \(campus, station, street\) nor"):
        Images("campos").load(tiny_world)


def test_version_follows_the_files(folder):
    source = Images(str(folder), table=str(folder.parent / "table.csv"))
    versions = [source.version()]
    assert source.version() == versions[0]
    later = time.time() + 10
    os.utime(folder / "00" / "cam0_0.png", (later, later))
    versions.append(source.version())
    (folder / "00" / "cam0_1.png").unlink()
    versions.append(source.version())
    table = folder.parent / "table.csv"  # outside the folder
    table.write_text(table.read_text().replace("05/cam1_1.png,5,1\n", ""))
    versions.append(source.version())
    assert len(set(versions)) == 4


@pytest.mark.parametrize("data", ["campus", "folder"])
def test_version_follows_the_code(data, folder, monkeypatch):
    source = Images(str(folder) if data == "folder" else data)
    before = source.version()
    monkeypatch.setattr(sources, "fingerprint", lambda *modules: "another")
    assert source.version() != before
