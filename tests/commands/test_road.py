"""The road by commands: an old model, a new one against it, vectors in files, their evaluation, and exports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from own_crops import MODEL, PATTERN, call, draw, refused, train

from rbcl_lite.base.scale import scale
from rbcl_lite.data.images import Images
from rbcl_lite.data.vector_files import read_vectors
from rbcl_lite.experiments.measure import measure
from rbcl_lite.experiments.rotation import rotated
from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_ranking, negative_flips, positive_flips, update_gain
from rbcl_lite.models.exported import open_exported
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.old_function import OldFunction
from rbcl_lite.runs.open_given import open_given
from rbcl_lite.runs.run import load_run

pytestmark = pytest.mark.usefixtures("smoke")


@pytest.fixture
def new(shop: Path, old: Path, runs: Path) -> Path:
    """A run that is kept compatible with the old one."""
    return train(shop, "--old", old, "--method", "contrastive", "--runs", runs)


def test_train_extract_evaluate_by_commands(shop: Path, old: Path, new: Path, runs: Path, tmp_path: Path) -> None:
    alone = train(shop, "--old", old, "--runs", runs)
    files = {"old": tmp_path / "old.safetensors", "new": tmp_path / "new.npy", "independent": tmp_path / "ind.npy"}
    for run, file in zip((old, new, alone), files.values()):
        shown = call("extract", run, "--out", file)
        assert [line.split()[0] for line in shown[1:]] == [
            "train",
            "validation-query",
            "validation-gallery",
            "query",
            "gallery",
        ]
    assert {p.name for p in tmp_path.iterdir() if p.is_file()} == {
        "old.safetensors",
        "new.npy",
        "new.csv",
        "ind.npy",
        "ind.csv",
    }
    assert not list(tmp_path.glob("*.blocks"))

    for part in ("test", "validation"):
        by_runs, by_files = tmp_path / "runs.json", tmp_path / "files.json"
        shown = call("evaluate", old, new, alone, "--part", part, "--json", by_runs)
        options = [o for name, file in files.items() for o in (f"--{name}", file)]
        said = call("evaluate", *options, "--part", part, "--json", by_files)
        assert said[0] == shown[0] and said[1] == shown[1] == "same-camera images left out"
        a, b = json.loads(by_runs.read_text()), json.loads(by_files.read_text())
        table = [list(row.values()) for row in a["matrix"].values()]
        assert table == [list(row.values())[:3] for row in b["matrix"].values()][:3]  # exactly
        turned = rotated(measure(load_run(old), load_run(alone), part), load_run(old), load_run(alone))
        assert b["matrix"]["rotation"]["old"] == pytest.approx(turned.new_old.mAP, abs=1e-6)
        cells = measure(load_run(old), load_run(new), part)
        best = measure(load_run(old), load_run(alone), part).new_new
        assert b["update_gain"] == update_gain(cells.new_old.mAP, cells.old_old.mAP, best.mAP)
        assert b["negative_flips"] == negative_flips(cells.old_old, cells.new_old)
        assert b["positive_flips"] == positive_flips(cells.old_old, cells.new_old)
        assert b["compatible"] == (cells.new_old.mAP > cells.old_old.mAP)
    rank1 = call("evaluate", old, new, "--metric", "rank1")
    same = call("evaluate", "--old", files["old"], "--new", files["new"], "--metric", "rank1")
    assert [line.split()[-2:] for line in rank1[3:]] == [line.split()[-2:] for line in same[3:5]]


@pytest.mark.parametrize("name", ["model.onnx", "model.pt2", "model.ts"])
def test_an_export_is_an_old_model(shop: Path, old: Path, runs: Path, tmp_path: Path, name: str) -> None:
    if name.endswith("onnx"):
        pytest.importorskip("onnxruntime", reason="pip install rbcl-lite[export]")
    file, run = tmp_path / name, load_run(old)
    assert "images uint8 [N, 3, 32, 16] to unit vectors [N, 32]" in call("export", old, file)[0]
    about = open_exported(file).about
    assert (about["model"], about["sha256"]) == (old.name, GivenOld.at(old).sha256)
    assert (about["size"], about["dim"], about["people_seed"]) == ([32, 16], 32, 3)

    by_run, by_file = tmp_path / "run.npy", tmp_path / "file.npy"
    call("extract", old, "--out", by_run)
    call("extract", file, "--data", shop, "--pattern", PATTERN, "--out", by_file)
    assert by_run.with_suffix(".csv").read_bytes() == by_file.with_suffix(".csv").read_bytes()
    np.testing.assert_allclose(np.load(by_run), np.load(by_file), atol=1e-4)

    (old / "model.safetensors").rename(tmp_path / "gone")  # nothing but the file is read
    new = load_run(train(shop, "--old", file, "--method", "contrastive", "--runs", runs))
    (tmp_path / "gone").rename(old / "model.safetensors")
    assert new.config.old == GivenOld(str(file), GivenOld.at(file).sha256, (32, 16), "uint8", 3)
    assert new.config.seed == 3 and set(new.trained_on.people) == set(run.trained_on.people)
    stored = json.loads((new.folder / "run.json").read_text())["config"]["old"]
    assert stored["path"] == str(file) and stored["sha256"] == GivenOld.at(file).sha256
    data = new.config.splits().train
    torch.testing.assert_close(
        open_given(new.config.old).extract(data).vectors, run.extract(data).vectors, atol=1e-4, rtol=0
    )
    assert train(shop, "--old", file, "--method", "contrastive", "--runs", runs) == new.folder
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ValueError, match="has changed"):
        open_given(new.config.old)


def test_vectors_of_numpy_and_csv_are_an_old_model(shop: Path, old: Path, runs: Path, tmp_path: Path) -> None:
    call("extract", old, "--out", tmp_path / "old.npy")
    new = load_run(train(shop, "--old", tmp_path / "old.npy", "--seed", 3, "--method", "contrastive", "--runs", runs))
    data = new.config.splits().train
    assert torch.equal(open_given(new.config.old).extract(data).vectors, load_run(old).extract(data).vectors)


def test_a_model_of_other_code_by_its_vectors(shop: Path, runs: Path, tmp_path: Path) -> None:
    """The example in the docstring of ``OldFunction``, with a network of theirs."""
    torch.manual_seed(0)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 5, stride=4), torch.nn.Flatten(), torch.nn.Linear(216, 24)
    ).eval()

    def vectors(images: np.ndarray) -> torch.Tensor:
        with torch.no_grad():
            return theirs((torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25)

    old = OldFunction(vectors, size=(40, 16), name="deployed")
    splits = Images(str(shop), pattern=PATTERN).load(scale(), size=old.size, seed=0)
    sides = (splits.train, *(getattr(p, s) for p in (splits.validation, splits.test) for s in ("query", "gallery")))
    Features.concat([old.extract(side) for side in sides]).save(tmp_path / "old.safetensors")
    new = load_run(train(shop, "--old", tmp_path / "old.safetensors", "--method", "contrastive", "--runs", runs))
    assert (new.read_history()["compatibility"] > 0).all() and new.config.size == (32, 16)
    by_file, by_function = (measure(m, new) for m in (open_given(new.config.old), old))
    assert by_file.new_old.mAP == by_function.new_old.mAP and by_file.old_old.mAP == by_function.old_old.mAP


def test_any_images_however_few_and_unknown(shop: Path, old: Path, tmp_path: Path) -> None:
    few = draw(tmp_path / "few", 50, 52)
    call("extract", old, "--data", few, "--part", "files", "--out", tmp_path / "few.safetensors")
    named = read_vectors(tmp_path / "few.safetensors")
    assert named.keys == [p.name for p in sorted(few.glob("*.png"))] and named.splits is None and named.cameras is None
    assert Features.load(tmp_path / "few.safetensors").ids.unique().tolist() == [-1]
    call("extract", old, "--data", few, "--pattern", PATTERN, "--part", "files", "--out", tmp_path / "known.npy")
    lines = (tmp_path / "known.csv").read_text().splitlines()
    assert lines[:2] == ["key,id,camera", "p50_c0_0.png,p50,0"] and len(lines) == 9
    assert "has no files; give --part all" in refused(
        "extract", old, "--data", "campus", "--part", "files", "--out", tmp_path / "x.npy"
    )


def test_query_and_gallery_of_two_folders_are_the_same_people(old: Path, tmp_path: Path) -> None:
    """Each folder numbers its people and its cameras anew; the names do not change."""
    query, gallery = draw(tmp_path / "query", 41, 46), draw(tmp_path / "gallery", 38, 46)
    for image in query.glob("*_c0_*"):
        image.unlink()
    sides = [tmp_path / "query.npy", tmp_path / "gallery.safetensors"]
    for folder, file in zip((query, gallery), sides):
        call("extract", old, "--data", folder, "--pattern", PATTERN, "--part", "files", "--out", file)
    call("evaluate", "--new", *sides, "--json", tmp_path / "a.json")
    ids = lambda f: [int(k[1:3]) for k in f.keys]  # noqa: E731
    cams = lambda f: [int(k[5]) for k in f.keys]  # noqa: E731
    q, g = (read_vectors(s) for s in sides)
    expected = evaluate_ranking(*(Features(f.vectors, ids(f), cams(f), keys=f.keys) for f in (q, g)))
    assert json.loads((tmp_path / "a.json").read_text())["matrix"]["new"]["new"] == expected.mAP


def test_old_training_people_are_left_out(shop: Path, old: Path, tmp_path: Path) -> None:
    shown = call("extract", old, "--seed", 4, "--out", tmp_path / "other.npy", "--part", "test")
    run = load_run(old)
    splits = replace(run.config, people_seed=4).splits()
    known = set(run.trained_on.people) & splits.test.query.people
    assert known and shown[0] == f"left out: {len(known)} test people who were training people of this run"
    assert not known & set(read_vectors(tmp_path / "other.npy").people)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("extract OLD --out x.bin", "ends in .bin: write vectors to a file that ends in .safetensors, or in .npy"),
        ("extract OLD --size 32 16", "is a run, which knows it"),
        ("extract OLD --table people.csv", "say how to read the folder --data: name it"),
        ("export OLD x.bin", "export to .onnx, .ts, .pt (TorchScript) or .pt2"),
        ("evaluate", "name at least one folder of a run, or files of stored vectors"),
        ("evaluate OLD --new x.npy", "nothing is read beside them"),
        ("evaluate --new x.npy y.npy", "no file of vectors at x.npy"),
        ("train --old-size 32 16", "name it by --old"),
    ],
)
def test_mistakes_in_one_line(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(*command.replace("OLD", str(old)).split())


def test_a_checkpoint_is_refused_before_anything_is_trained(shop: Path, runs: Path, tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1)}, tmp_path / "theirs.pth")
    command = ["train", "--data", shop, "--pattern", PATTERN, *MODEL, "--runs", runs, "--method", "l2"]
    assert "is a pickled checkpoint, or damaged" in refused(*command, "--old", tmp_path / "theirs.pth")
    assert not runs.exists()
