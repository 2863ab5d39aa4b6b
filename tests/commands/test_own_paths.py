"""Own crops by commands: where they lie, how they are spelled, and how the table calls the camera."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from own_crops import MODEL, PATTERN, call, draw, refused, train, write_table

from rbcl_lite.runs.run import load_run

pytestmark = pytest.mark.usefixtures("smoke")


@pytest.mark.parametrize("heading", ["camera", "Cam", "camid", "Cam_ID", "camera id", "cid", "CameraName"])
def test_a_camera_column_by_any_heading(shop: Path, old: Path, heading: str) -> None:
    table = write_table(shop, camera=heading)
    assert "same-camera images left out" in call("evaluate", old, "--data", shop, "--table", table)
    assert load_run(old).config.images.table is None


def test_unknown_cameras_are_said(shop: Path, old: Path) -> None:
    without = write_table(shop, camera=None)
    assert "cameras unknown: same-camera images count" in call("evaluate", old, "--data", shop, "--table", without)
    other = write_table(shop, camera="eye")
    with pytest.warns(UserWarning, match="the columns 'eye' are not used; one that holds the camera must be called"):
        shown = call("evaluate", old, "--data", shop, "--table", other)
    assert "cameras unknown: same-camera images count" in shown


def test_a_relative_path_is_found_from_everywhere(
    shop: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(shop)
    monkeypatch.chdir(tmp_path)
    plain = train(Path("shop"), "--runs", "runs")
    table = train(Path("shop"), "--table", "people.csv", "--runs", "runs")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert plain.is_absolute() and plain.parent == runs
    assert len(call("evaluate", plain, table)) == 5 and len(call("evaluate", Path("../runs") / plain.name)) == 4


def test_all_spellings_of_a_folder_are_one_run(
    shop: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(shop)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    first = train(shop, "--runs", runs)
    for spelling in ("shop", "./shop/", "link", "~/shop", "runs/../shop"):
        shown = call("train", "--data", spelling, "--pattern", PATTERN, *MODEL, "--runs", runs)
        assert shown[-1] == str(first) and "loaded" in shown[0]


@pytest.mark.parametrize("by_table", [False, True])
def test_a_folder_that_was_moved(shop: Path, runs: Path, tmp_path: Path, by_table: bool) -> None:
    how = ("--table", write_table(shop)) if by_table else ()
    run = train(shop, *how, "--runs", runs)
    before = call("evaluate", run)
    shutil.move(shop, tmp_path / "moved")
    said = refused("evaluate", run)
    assert f"there is no folder {shop}. The path was resolved when it was named" in said
    assert call("evaluate", run, "--data", tmp_path / "moved") == before
    again = ("--table", tmp_path / "moved" / "people.csv") if by_table else ()
    assert train(tmp_path / "moved", *again, "--runs", runs) == run


@pytest.mark.parametrize("option", [("--table", "people.csv"), ("--pattern", PATTERN)])
def test_how_to_read_needs_what_to_read(old: Path, option: tuple[str, str]) -> None:
    assert "name it" in refused("evaluate", old, *option)


def test_other_images(shop: Path, old: Path, tmp_path: Path) -> None:
    other = draw(tmp_path / "other", 0, 24, "station")
    here, there = call("evaluate", old), call("evaluate", old, "--data", other)
    assert here[:2] == there[:2] and here != there
    assert call("evaluate", old, "--data", other, "--table", write_table(other))[:2] == here[:2]


def test_a_run_on_a_folder_is_measured_on_a_domain(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(call("evaluate", old, "--data", "station")) == 4


def test_a_written_split_is_honoured(shop: Path, runs: Path) -> None:
    parts = ["train"] * 18 + ["val"] * 5 + ["test"] * 7
    splits = {f"p{i:02d}": part for i, part in enumerate(parts)}
    run = load_run(train(shop, "--table", write_table(shop, splits), "--runs", runs))
    found = run.config.splits()
    for part, people in (
        ("train", found.train.people),
        ("val", found.validation.query.people | found.validation.gallery.people),
        ("test", found.test.query.people | found.test.gallery.people),
    ):
        assert people == {p for p, s in splits.items() if s == part}
    assert set(run.trained_on.people) == set(run.people) == found.train.people
    write_table(shop, {**splits, "p00": "test"}, name="other.csv")
    other = load_run(train(shop, "--table", "other.csv", "--runs", runs))
    assert set(other.trained_on.people) == found.train.people - {"p00"}
