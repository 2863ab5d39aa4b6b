"""Omniglot: folds and tables, keys without images, and the command on a made-up folder."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import handwriting
import pytest
from jobs_here import jobs_here
from own_crops import call, refused
from PIL import Image

from rbcl_lite.base.scale import scale
from rbcl_lite.data.images import Images
from rbcl_lite.experiments import freshness
from rbcl_lite.experiments import sweep as sweeps
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.omniglot.folds import FOLDS, fold, fold_images
from rbcl_lite.experiments.omniglot.images import ImageSet, read_drawings
from rbcl_lite.experiments.omniglot.job import ACROSS, NAME, UPGRADES, OmniglotJob, config_of
from rbcl_lite.experiments.omniglot.sweep import METHODS
from rbcl_lite.experiments.settings import WEIGHTS
from rbcl_lite.experiments.tables.runs import load_result
from rbcl_lite.experiments.tables.setting import setting_table
from rbcl_lite.runs.given_old import GivenOld

LETTERS = [f"{alphabet}/character{i:02d}" for alphabet in ("Alpha", "Beta", "Gamma") for i in range(1, 15)]
SET = ImageSet("0123456789abcdef", 242, 4840)
JOB = OmniglotJob(NAME, "bct", 2.0, 1, "laptop", images=SET)


@pytest.fixture(scope="session")
def ink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made-up handwriting, not to be changed."""
    return handwriting.write(tmp_path_factory.mktemp("ink") / "images_background")


def test_every_character_is_tested_in_one_fold() -> None:
    folds = [fold(LETTERS, k) for k in range(FOLDS)]
    tested = Counter(name for f in folds for name in f.test)
    assert tested == dict.fromkeys(LETTERS, 1)
    assert {len(f.test) for f in folds} == {8, 9}
    for f in folds:
        assert sorted([*f.test, *f.validation, *f.new]) == LETTERS  # a partition
        assert set(f.old) < set(f.new) and len(f.old) == round(len(f.new) / 4)
    assert len({tuple(f.validation) for f in folds}) == FOLDS
    assert fold(LETTERS[::-1], 3) == folds[3]


def test_across_alphabets_nobody_is_shared() -> None:
    for k in range(FOLDS):
        f = fold(LETTERS, k, across=True)
        before = {name.split("/")[0] for name in f.old}
        assert len(f.old) == round(14 / 4) and len({*f.test, *f.validation, *f.new}) == 2 * 14
        assert len(before) == 1 and not before & {name.split("/")[0] for name in [*f.new, *f.validation, *f.test]}
    with pytest.raises(ValueError, match="Alpha is the only alphabet"):
        fold(LETTERS[:14], 0, across=True)


@pytest.mark.parametrize("number", [-1, 5])
def test_there_are_five_folds(number: int) -> None:
    with pytest.raises(ValueError, match=f"one for each seed from 0 to 4, and no fold {number}"):
        fold(LETTERS, number)


def test_tables_ask_a_fifth_of_the_hands(ink: Path) -> None:
    drawings = read_drawings(ink)
    parts = fold(sorted(set(drawings.characters)), 2)
    splits = {
        p: fold_images(drawings, parts, "new", p).load(scale("smoke"), size=(32, 32)) for p in ("test", "validation")
    }
    for part, names in (("test", parts.test), ("validation", parts.validation)):
        asked = splits[part].test
        assert asked.query.people == asked.gallery.people == set(names)
        assert Counter(asked.query.ids.tolist()) == dict.fromkeys(asked.query.classes.tolist(), 1)  # 1 of 5 hands
        assert Counter(asked.gallery.ids.tolist()) == dict.fromkeys(asked.query.classes.tolist(), 4)
        assert splits[part].train.people == set(parts.new)
    assert splits["test"].validation.gallery.people == set(parts.validation)
    old = fold_images(drawings, parts, "old")
    with open(str(old.table), newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["id"] for r in rows if r["split"] == "train"} == set(parts.old)
    assert {r["camera"] for r in rows if r["id"].startswith("Hook")} <= {f"Hook {h:02d}" for h in range(1, 6)}


def test_the_set_is_known_wherever_it_lies(ink: Path, tmp_path: Path) -> None:
    here = read_drawings(ink)
    assert (here.about.characters, here.about.images) == (14, 70)
    for part, names in (("one", ("Hook", "Loop")), ("two", ("Loop", "Wave"))):  # two parts that overlap
        for name in names:
            shutil.copytree(ink / name, tmp_path / "parts" / part / name)
    there = read_drawings(tmp_path / "parts")
    assert there.about == here.about and len(there.paths) == 70
    changed = next((tmp_path / "parts" / "two" / "Wave").rglob("*.png"))
    Image.new("1", (32, 32), 1).save(changed)
    assert read_drawings(tmp_path / "parts").about.digest != here.about.digest
    Image.new("1", (32, 32), 1).save(next((tmp_path / "parts" / "two" / "Loop").rglob("*.png")))
    with pytest.raises(ValueError, match="two different images of Loop/character"):
        read_drawings(tmp_path / "parts")


def test_wrong_folders_say_where_the_images_come_from(ink: Path, tmp_path: Path) -> None:
    how = r"torchvision.datasets.Omniglot\(root, download=True\)"
    with pytest.raises(FileNotFoundError, match=rf"there is no folder .*moon.*{how}"):
        read_drawings(tmp_path / "moon")
    with pytest.raises(ValueError, match=rf"does not hold Omniglot: .* holds no image.*{how}"):
        read_drawings(tmp_path)
    with pytest.raises(ValueError, match=rf"5 of 5 images do not fit.*{how}"):
        read_drawings(ink / "Hook" / "character01")
    with pytest.raises(ValueError, match="holds 8 characters; five folds need at least 10"):
        read_drawings(handwriting.write(tmp_path / "few", {"Hook": 8}))
    with pytest.raises(ValueError, match=r"Hook/character01 below .* is drawn by one hand"):
        read_drawings(handwriting.write(tmp_path / "alone", {"Hook": 10}, hands=1))


def test_keys_hold_what_a_record_depends_on() -> None:
    others = [
        replace(JOB, setting=ACROSS),
        replace(JOB, method="l2"),
        replace(JOB, weight=1.0),
        replace(JOB, seed=2),
        replace(JOB, scale="smoke"),
        replace(JOB, images=replace(SET, digest="another")),
        replace(JOB, method="independent", weight=0.0),
        replace(JOB, method="rotation", weight=0.0),
        replace(JOB, method="rbcl"),
        replace(JOB, method="rbcl-no-agents"),
    ]
    assert len({job.key() for job in [JOB, *others]}) == 1 + len(others)
    assert JOB.key() == replace(JOB, data="/elsewhere").key()
    assert set(METHODS) <= set(WEIGHTS)


def test_the_recipe_of_both_models() -> None:
    new = config_of("bct", 2.0, 1, "laptop", 242, Images(), Images())
    assert new.old is not None and not isinstance(new.old, GivenOld)
    assert (new.old.model.backbone, new.model.backbone, new.size, new.model.dim) == ("tiny", "small", (32, 32), 128)
    assert new.augment.flip == new.augment.erase == 0.0 == new.old.augment.flip


def test_the_command_from_images_to_table(ink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Job] = []
    monkeypatch.setattr(sweeps, "run_jobs", jobs_here(done))
    monkeypatch.setattr(freshness, "run_jobs", jobs_here(done))
    monkeypatch.setattr(sweeps, "WEIGHTS", {"l2": (1, 2), "rbcl": (1,)})
    monkeypatch.setattr(sweeps, "MOST_WEIGHTS", 2)
    out = tmp_path / "results"
    asked = ("experiment", "omniglot", "--scale", "smoke", "--out", out, "--seeds", 0, 1, "--methods", "l2", "rbcl")
    monkeypatch.setattr("sys.argv", ["rbcl-lite", *map(str, asked), "--data", str(ink)])
    assert call(*asked, "--data", ink) == [str(out / "omniglot-smoke.json")]
    result = load_result("omniglot-smoke", out)
    count = len(result["runs"])
    assert count == len(done) >= 2 * 2 + 2 + 1 + 2 and result["setting"] == NAME
    assert result["images"] == {"digest": read_drawings(ink).about.digest, "characters": 14, "images": 70}
    (command,) = result["commands"]
    assert command.endswith("--methods l2 rbcl --data FOLDER") and str(tmp_path) not in command
    assert set(setting_table(result).index) == {"independent", "rotation", "l2", "rbcl"}
    by = {(r["method"], r["seed"]): r for r in result["runs"]}
    for seed in (0, 1):  # one model, turned or not
        alone, turned = by["independent", seed], by["rotation", seed]
        assert turned["test"]["new_new"] == pytest.approx(alone["test"]["new_new"], abs=0.011)
        assert turned["test"]["new_old"] != alone["test"]["new_old"]
        assert alone["validation"] != alone["test"]

    shutil.copytree(ink, tmp_path / "moved")
    call(*asked, "--data", tmp_path / "moved")
    assert len(done) == count  # nothing is measured twice, wherever the images lie
    assert stale(out) == []  # and no image is looked at

    other = handwriting.write(tmp_path / "other", {"Hook": 12})
    said = refused(*asked, "--data", other)
    assert "omniglot-smoke.json was measured on 14 characters, 70 images" in said and "another --out" in said
    assert "no fold 5" in refused("experiment", "omniglot", "--data", ink, "--out", out, "--seeds", 5)

    path = out / "omniglot-smoke.json"
    for record in result["runs"]:
        record["run"] = "before-a-refactoring"
    path.write_text(json.dumps(result))
    assert len(stale(out)) == 4
    assert confirm(path) == [
        "omniglot-smoke.json: independent, l2, rbcl, rotation cannot be confirmed without the images: give --data"
    ]
    with pytest.raises(ValueError, match="give the same images"):
        confirm(path, data=other)
    call("experiment", "confirm", "--out", out, "--data", ink)
    assert stale(out) == [] and load_result("omniglot-smoke", out)["images"] == result["images"]


def test_a_missing_result_names_the_command(tmp_path: Path) -> None:
    for upgrade in UPGRADES:
        with pytest.raises(FileNotFoundError, match=f"experiment omniglot --data FOLDER --upgrade {upgrade}$"):
            load_result(upgrade, tmp_path)


def test_across_alphabets_runs(ink: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Job] = []
    monkeypatch.setattr(sweeps, "run_jobs", jobs_here(done))
    monkeypatch.setattr(sweeps, "WEIGHTS", {"bct": (1,)})
    monkeypatch.setattr(sweeps, "MOST_WEIGHTS", 1)
    call(
        *("experiment", "omniglot", "--upgrade", ACROSS, "--data", ink, "--out", tmp_path, "--scale", "smoke"),
        *("--seeds", 3, "--methods", "bct"),
    )
    assert {job.method for job in done} == {"independent", "rotation", "bct"}
    assert (tmp_path / "omniglot-across-smoke.json").is_file()
