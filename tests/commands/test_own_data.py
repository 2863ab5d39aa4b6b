"""Own crops by commands: the old model is used as it is, and nobody changes sides as people are added."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path

import pytest
import torch
from own_crops import MODEL, PATTERN, call, draw, refused, train, write_table
from PIL import Image, ImageOps

from rbcl_lite.features import Features
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Upgrade
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.saved_model import load_model

pytestmark = pytest.mark.usefixtures("smoke")


@pytest.fixture
def upgrades(monkeypatch: pytest.MonkeyPatch) -> list[Upgrade]:
    """What the trainings began with."""
    module = importlib.import_module("rbcl_lite.runs.run_or_load")  # the package gives its function the same name
    seen: list[Upgrade] = []
    make = module.make_upgrade
    monkeypatch.setattr(module, "make_upgrade", lambda *a: seen.append(make(*a)) or seen[-1])
    return seen


def held_out(run: Path) -> set[str]:
    splits = load_run(run).config.splits()
    sides = [s for part in ("validation", "test") for s in (splits.held_out(part).query, splits.held_out(part).gallery)]
    return {name for side in sides for name in side.people}


def folders(runs: Path) -> list[Path]:
    return [p for p in runs.iterdir() if p.is_dir()] if runs.exists() else []


# --- the old model as it is


def test_an_old_run_without_its_weights_is_one_line_and_no_training(shop: Path, old: Path, tmp_path: Path) -> None:
    deployed = Path(shutil.copytree(old, tmp_path / "deployed"))
    (deployed / "model.safetensors").unlink()
    command = ["train", "--data", shop, "--pattern", PATTERN, *MODEL, "--runs", tmp_path / "new"]
    said = refused(*command, "--old", deployed, "--method", "contrastive")
    assert f"no old model at {deployed}: the folder has no model.safetensors" in said
    assert "Give the folder of a finished run" in said and not folders(tmp_path / "new")


@pytest.mark.parametrize("method", ["contrastive", "bct"])
def test_exactly_the_given_weights_after_the_folder_grew(
    shop: Path, old: Path, tmp_path: Path, upgrades: list[Upgrade], method: str
) -> None:
    draw(shop, 30, 40)
    photo = sorted(shop.glob("*.png"))[0]
    ImageOps.mirror(Image.open(photo)).save(photo)
    os.utime(sorted(shop.glob("*.png"))[1])
    elsewhere = Path(shutil.move(old, tmp_path / "elsewhere"))
    weights = (elsewhere / "model.safetensors").read_bytes()
    new = train(shop, "--old", elsewhere, "--method", method, "--runs", tmp_path / "other")
    assert folders(tmp_path / "other") == [new] and (elsewhere / "model.safetensors").read_bytes() == weights
    (upgrade,) = upgrades
    direct = extract(load_model(elsewhere), upgrade.train)
    assert upgrade.old is not None
    torch.testing.assert_close(upgrade.old.vectors, direct.vectors, atol=1e-5, rtol=0)
    record = load_run(elsewhere)
    assert set(record.people) < upgrade.train.people  # the new people train beside all old ones
    assert torch.equal(upgrade.old_classifier, load_model(elsewhere).classifier.weight.detach())
    names = [upgrade.train.name_of(i) if i >= 0 else None for i in upgrade.old_classes]
    assert names == list(record.people)


def test_the_same_new_run_wherever_the_old_one_lies(shop: Path, old: Path, runs: Path, tmp_path: Path) -> None:
    first = train(shop, "--old", old, "--method", "l2", "--runs", runs)
    moved = Path(shutil.move(old, tmp_path / "moved"))
    assert train(shop, "--old", moved, "--method", "l2", "--runs", runs) == first
    assert train(shop, "--old", moved, "--method", "l2", "--runs", tmp_path / "more").name == first.name


@pytest.fixture
def vectors(shop: Path, old: Path) -> Features:
    """What is stored of the old model: vectors of everything, in another order."""
    run, splits = load_run(old), load_run(old).config.splits()
    sides = [splits.train, *(s for p in (splits.validation, splits.test) for s in (p.query, p.gallery))]
    everything = Features.concat([run.extract(side) for side in sides])
    return everything[torch.randperm(len(everything), generator=torch.Generator().manual_seed(0))]


@pytest.mark.parametrize("method", ["contrastive", "rbcl"])
def test_stored_vectors_are_an_old_model(
    shop: Path, runs: Path, vectors: Features, tmp_path: Path, upgrades: list[Upgrade], method: str
) -> None:
    file = vectors.save(tmp_path / "vectors.safetensors")
    new = train(shop, "--old", file, "--method", method, "--runs", runs)
    (upgrade,) = upgrades
    place = {key: i for i, key in enumerate(vectors.keys)}
    expected = vectors.vectors[[place[key] for key in upgrade.train.keys]]
    assert torch.equal(upgrade.old.vectors, expected) and upgrade.old_classifier is None
    assert (load_run(new).read_history()["compatibility"] > 0).all()


def test_vectors_that_do_not_fit_are_one_line(shop: Path, runs: Path, vectors: Features, tmp_path: Path) -> None:
    bare = Features(vectors.vectors, vectors.ids).save(tmp_path / "bare.safetensors")
    few = vectors[:10].save(tmp_path / "few.safetensors")
    command = ["train", "--data", shop, "--pattern", PATTERN, *MODEL, "--method", "rbcl", "--runs", runs]
    before = folders(runs)
    assert "bare.safetensors holds vectors without keys" in refused(*command, "--old", bare)
    assert "few.safetensors has no vector of" in refused(*command, "--old", few)
    assert folders(runs) == before


# --- nobody changes sides


@pytest.mark.parametrize("move", [False, True])
@pytest.mark.parametrize("method", ["independent", "contrastive"])
def test_nobody_whom_the_old_model_knows_is_judged(
    shop: Path, old: Path, runs: Path, tmp_path: Path, move: bool, method: str
) -> None:
    known = set(load_run(old).trained_on.people)
    root = Path(shutil.move(shop, tmp_path / "moved")) if move else shop
    draw(root, 30, 45)
    new = train(root, "--old", old, "--method", method, "--seed", 5, "--runs", runs)
    assert known and not known & held_out(new) and known < set(load_run(new).trained_on.people)
    assert load_run(new).config.train.seed == 5 and load_run(new).config.seed == 3  # its weights, and its people
    where = ["--data", root] if move else []
    assert not [line for line in call("evaluate", old, new, *where) if "left out: " in line]


@pytest.fixture
def leaking(shop: Path, old: Path) -> tuple[Path, int]:
    """A table whose test people are some of the old training people, and the number of these."""
    known = sorted(load_run(old).trained_on.people)
    rest = [p for p in {f.stem.split("_")[0] for f in shop.glob("*.png")} if p not in known]
    test = {*known[:3], *sorted(rest)[:4]}
    return write_table(shop, {p: "test" if p in test else "train" for p in [*known, *rest]}), 3


def test_training_refuses_to_judge_old_training_people(
    shop: Path, old: Path, runs: Path, leaking: tuple[Path, int]
) -> None:
    table, count = leaking
    command = ["train", "--data", shop, "--table", table, *MODEL, "--runs", runs, "--old", old]
    said = refused(*command, "--method", "contrastive")
    # those of the test are written; of the validation they may be drawn among all who train
    assert f"people of {shop.name}, for example 'p" in said and "were training people of the old model" in said
    assert "seed 3" in said and folders(runs) == [old]
    splits = {p: s for p, s in (line.split(",")[1::2] for line in table.read_text().splitlines()[1:])}
    known = set(load_run(old).trained_on.people)
    new_people = [p for p in splits if p not in known and splits[p] == "train"]
    splits.update(dict.fromkeys(new_people[:4], "val"))
    write_table(shop, splits)
    assert f"{count} test people of {shop.name}" in refused(*command, "--method", "contrastive")
    splits.update({p: "train" for p in known})
    write_table(shop, splits)
    assert not known & held_out(train(shop, "--table", table, "--old", old, "--method", "l2", "--runs", runs))


def test_evaluation_leaves_old_training_people_out(
    shop: Path, old: Path, runs: Path, leaking: tuple[Path, int]
) -> None:
    table, count = leaking
    new = train(shop, "--table", table, "--runs", runs)
    shown = call("evaluate", old, new)
    assert shown[0] == f"left out: {count} test people who were training people of one of these runs"
    known = sorted(load_run(old).trained_on.people)
    splits = {p: "test" if p in known[:3] else "train" for p in {f.stem.split("_")[0] for f in shop.glob("*.png")}}
    write_table(shop, splits)
    assert "every held-out person was a training person" in refused("evaluate", old, "--data", shop, "--table", table)


def test_other_people_of_the_same_names_raise_no_alarm(shop: Path, old: Path, runs: Path, tmp_path: Path) -> None:
    other = draw(tmp_path / "other", 0, 30, "street")
    splits = {p: "test" if i % 3 == 0 else "train" for i, p in enumerate(load_run(old).trained_on.people)}
    splits.update({f"p{i:02d}": "train" for i in range(30) if f"p{i:02d}" not in splits})
    table = write_table(other, splits)
    new = train(other, "--table", table, "--old", old, "--method", "contrastive", "--runs", runs)
    assert set(load_run(old).trained_on.people) & held_out(new)
    assert "left out: " not in "\n".join(call("evaluate", old, new))
