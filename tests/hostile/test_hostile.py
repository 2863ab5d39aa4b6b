"""Hostile inputs, one line each in the tables: a clear message with the name and the remedy, or the right result."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile_folders import READ_NAMES, READ_TABLES, REFUSED_NAMES, REFUSED_TABLES, beside
from hostile_images import READ, REFUSED
from hostile_places import PLACES
from hostile_runs import OPTIONS, RUNS, VECTORS
from hostile_tools import contents, holds, matrix
from own_crops import MODEL, PATTERN, call, train, write_table
from PIL import Image

from rbcl_lite.base.scale import scale
from rbcl_lite.data.images import Images

ANY_NAME = r"^(?P<id>[^/]+?)_c(?P<cam>\d)_"
Told = Callable[..., str]


@pytest.fixture
def picture(shop: Path) -> tuple[Image.Image, Path]:
    """The picture that becomes something else, and its file."""
    path = shop / "p03_c0_0.png"
    return Image.open(path).convert("RGB"), path


@pytest.mark.parametrize("case", REFUSED)
def test_an_image_that_is_refused(case: str, picture: tuple[Image.Image, Path], judge: Path, told: Told) -> None:
    write, message = REFUSED[case]
    write(*picture)
    before = contents(picture[1].parent)
    said = told("evaluate", judge, "--data", picture[1].parent)
    assert "1 of 120 images cannot be used:" in said and holds(said, f"{picture[1]}@{message}"), said
    assert contents(picture[1].parent) == before


@pytest.mark.parametrize("case", READ)
def test_an_image_that_is_read(case: str, picture: tuple[Image.Image, Path], judge: Path) -> None:
    write, look, tolerance = READ[case]
    write(*picture)
    assert len(matrix(judge, "--data", picture[1].parent)) == 4
    expected = np.asarray(look(picture[0]), int)
    found = rows(Images(str(picture[1].parent), pattern=PATTERN))[picture[1].name]
    assert np.abs(found - expected).max() <= tolerance


def rows(images: Images) -> dict[str, np.ndarray]:
    splits = images.load(scale("smoke"), size=(32, 16), progress=False)
    sides = (splits.train, *(s for p in (splits.validation, splits.test) for s in (p.query, p.gallery)))
    return {key: side.images[i].astype(int) for side in sides for i, key in enumerate(side.keys)}


def people(images: Images) -> set[str]:
    splits = images.load(scale("smoke"), size=(32, 16), progress=False)
    return splits.train.people | splits.validation.gallery.people | splits.test.gallery.people


@pytest.mark.parametrize("case", READ_NAMES)
def test_a_name_that_is_read(case: str, picture: tuple[Image.Image, Path], runs: Path) -> None:
    name, person = READ_NAMES[case]
    root = picture[1].parent
    os.rename(picture[1], root / name)
    (root / name.replace("0.png", "1.png")).write_bytes((root / "p03_c1_0.png").read_bytes())
    run = train(root, "--pattern", ANY_NAME, "--runs", runs)
    assert len(matrix(run)) == 4
    found = people(Images(str(root), pattern=ANY_NAME)) - {f"p{i:02d}" for i in range(30)}
    assert found == (set() if person is None else {person})


@pytest.mark.parametrize("case", REFUSED_NAMES)
def test_a_name_that_is_refused(case: str, picture: tuple[Image.Image, Path], judge: Path, told: Told) -> None:
    names, message = REFUSED_NAMES[case]
    for name in names:
        shutil.copy(picture[1], picture[1].with_name(name))
    said = told("evaluate", judge, "--data", picture[1].parent, "--pattern", ANY_NAME)
    assert message in said and "\n" not in said


@pytest.mark.parametrize("case", READ_TABLES)
def test_a_table_that_is_read(case: str, shop: Path, judge: Path) -> None:
    table = write_table(shop)
    expected = matrix(judge, "--data", shop, "--table", table)
    table.write_bytes(READ_TABLES[case](table.read_text().replace("\r\n", "\n")))
    assert matrix(judge, "--data", shop, "--table", table) == expected


@pytest.mark.parametrize("case", REFUSED_TABLES)
def test_a_table_that_is_refused(case: str, shop: Path, judge: Path, told: Told) -> None:
    change, message = REFUSED_TABLES[case]
    table = write_table(shop)
    beside(shop)
    table.write_bytes(change(table.read_text()))
    said = told("evaluate", judge, "--data", shop, "--table", table)
    assert holds(said, message) and "\n" not in said and (str(table) in said or "missing" in said), said
    assert len(said) < 2000


@pytest.mark.parametrize("case", RUNS)
def test_a_run_that_is_refused(case: str, judge: Path, tmp_path: Path, told: Told) -> None:
    spoil, message = RUNS[case]
    run = tmp_path / "deployed"
    shutil.copytree(judge, run, ignore=shutil.ignore_patterns("features"))
    spoil(run)
    before = contents(run)
    said = told("evaluate", run)
    assert holds(said, message) and "\n" not in said and ("deployed" in said or "folder" in said), said
    assert contents(run) == before


@pytest.mark.parametrize("case", VECTORS)
def test_stored_vectors_that_are_refused(case: str, shop: Path, judge: Path, tmp_path: Path, told: Told) -> None:
    change, message = VECTORS[case]
    matrix(judge)  # stores the judge's vectors
    vectors = tmp_path / "gallery.safetensors"
    vectors.write_bytes(change(next((judge / "features").glob("*")).read_bytes()))
    runs = tmp_path / "runs"
    command = ("train", "--data", shop, "--pattern", PATTERN, *MODEL, "--runs", runs)
    said = told(*command, "--old", vectors, "--method", "l2")
    assert f"{vectors} {message}" in said and not list(runs.glob("*/*"))


@pytest.mark.parametrize("line", OPTIONS, ids=lambda line: line[:60])
def test_an_option_that_is_refused(line: str, thirty_people: Path, tmp_path: Path, told: Told) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    crops = f"--data {thirty_people} --pattern {PATTERN} --height 32"

    def put(text: str) -> str:
        return text.replace("{file}", str(file)).replace("{folder}", str(folder)).replace("{crops}", crops)

    said = told(*put(line).split(" "))
    assert put(OPTIONS[line]) in said and len(said) < 5000, said
    assert contents(tmp_path / "here") == {} and file.read_text() == "mine"


@pytest.mark.skipif(
    sys.platform != "linux", reason="lays down capabilities and limits the size of files, as Linux does"
)
@pytest.mark.parametrize("case", PLACES)
def test_a_place(
    case: str,
    shop: Path,
    judge: Path,
    tmp_path: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
) -> None:
    place = PLACES[case]
    names = {name: tmp_path / name for name in ("cache", "runs", "here", "file", "folder")}
    names |= {"shop": shop, "image": shop / "p03_c0_0.png", "table": write_table(shop)}
    names["judge"] = Path(shutil.copytree(judge, tmp_path / "judge", ignore=shutil.ignore_patterns("features")))
    names["file"].write_text("mine")

    def put(text: str) -> str:
        for name, path in names.items():
            text = text.replace(f"{{{name}}}", str(path))
        return text.replace("{pattern}", PATTERN)

    acts: dict[str, Callable[[], object]] = {
        "first": lambda: matrix(judge, "--data", shop),
        "train": lambda: call(*map(put, place.command)),
        "remember": lambda: monkeypatch.setattr("rbcl_lite.data.digests.RECENT", -60),  # files that have just changed
    }
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    place.arrange({**names, **acts})  # type: ignore[dict-item]
    monkeypatch.setenv("RBCL_CACHE", put(place.cache))
    try:
        with place.within():
            said = "\n".join(call(*map(put, place.command))) if place.works else told(*map(put, place.command))
    finally:
        for path in names.values():
            if path.exists():
                path.chmod(0o755)
    assert holds(said, put(place.said)), said
    assert any(place.warned in str(w.message) for w in recwarn) or not place.warned
    assert names["file"].read_text() == "mine" and not list((tmp_path / "here").glob("*"))
