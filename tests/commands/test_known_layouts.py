"""Data sets in their own layouts by commands: an old model, a new one on that very old one, and what the test says."""

from __future__ import annotations

import json
from pathlib import Path

import known_layouts
import numpy as np
import pytest
from own_crops import MODEL, call, pictures, refused

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.extract import extract
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.saved_model import load_model

pytestmark = pytest.mark.usefixtures("smoke")

DISTRACTORS = 2


def in_memory(name: str, part: str) -> ReIDDataset:
    """The test images as they were drawn, without a file."""
    d = [
        x
        for x in known_layouts.drawn()
        if x.part == part or (name == "veri776" and x.part != "train" and part != "query")
    ]
    people, cams = [x.person + 1 for x in d], [x.camera for x in d]
    pixels = [x.pixels for x in d]
    if name == "market1501" and part == "gallery":
        people, cams = people + [0] * DISTRACTORS, [*cams, 0, 1]
        pixels += [pictures("street", number)[0] for number in range(DISTRACTORS)]
    return ReIDDataset(
        np.stack(pixels), np.array(people), np.array(cams), [f"{part}/{i}" for i in range(len(people))], name
    )


@pytest.mark.parametrize("name", ["market1501", "msmt17-v2", "cuhk03-detected", "veri776"])
def test_the_numbers_are_those_of_the_images_in_memory(name: str, tmp_path: Path) -> None:
    root, runs, matrix = tmp_path / "set", tmp_path / "runs", tmp_path / "matrix.json"
    known_layouts.WRITERS[name](root)
    train = ("train", "--data", root, *MODEL, "--runs", runs)
    old = Path(call(*train)[-1])
    new = Path(call(*train, "--old", old, "--method", "contrastive", "--layout", name)[-1])
    assert load_run(new).config.old.path == str(old)
    assert load_run(new).config.images.layout == name and load_run(old).config.images.layout is None
    shown = call("evaluate", old, new, "--json", matrix)
    assert "left out: " not in "\n".join(shown)
    found = json.loads(matrix.read_text())["matrix"]

    query, gallery = (in_memory(name, part) for part in ("query", "gallery"))
    vectors = {r: [extract(load_model(r), d) for d in (query, gallery)] for r in (old, new)}
    for row, asks in zip(found.values(), (old, new)):
        for cell, answers in zip(row.values(), (old, new)):
            expected = evaluate_ranking(vectors[asks][0], vectors[answers][1])
            assert cell == pytest.approx(expected.mAP, abs=1e-6)
            assert expected.valid.all() and 0.05 < expected.mAP <= 1

    half = root / {"market1501": "query", "msmt17-v2": "list_val.txt", "veri776": "image_test"}.get(
        name, "images_detected"
    )
    if name == "cuhk03-detected":
        (root / "cuhk03_release/cuhk-03.mat").unlink()
    half.rename(half.with_name("elsewhere"))
    said = refused("evaluate", new, "--data", root)
    assert f"{root} looks like {name}, but lacks {half.name}" in said and "found " in said


def test_one_folder_named_by_its_layout_and_recognised_is_one_training(tmp_path: Path) -> None:
    known_layouts.msmt17(tmp_path / "set")
    train = ("train", "--data", tmp_path / "set", *MODEL, "--runs", tmp_path / "runs")
    assert call(*train)[-1] == call(*train, "--layout", "msmt17-v2")[-1]
    assert "--table, --pattern and --layout say how to read" in refused("evaluate", tmp_path, "--layout", "veri776")
    assert "unknown layout 'msmt17': choose one of" in refused(*train, "--layout", "msmt17")
