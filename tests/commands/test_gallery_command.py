"""``rbcl-lite gallery`` from a folder of crops to a table and a sheet of pictures, before and after a backfill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from own_crops import call, refused, train
from PIL import Image

from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery
from rbcl_lite.runs.run import load_run


def test_a_gallery_of_a_run_from_its_images_to_the_sheet(old: Path, shop: Path, tmp_path: Path) -> None:
    place, version = tmp_path / "gallery", ("--version", "2024")
    said = call("gallery", "build", place, "--run", old, *version, "--time", "2026-11-02T14:00", "--chunk", 7)
    true = load_run(old).features("test", "gallery")
    assert f"{len(true)} vectors of {true.dim} coordinates" in said[0] and f"versions: 2024 {len(true)}" in said
    again = call("gallery", "build", place, "--run", old, *version)
    assert again[0] == f"left as they are: {len(true)} images that are in the gallery already"

    out, sheet = tmp_path / "hits.csv", tmp_path / "hits.png"
    options = ("--k", 4, "--out", out, "--sheet", sheet, "--sheet-queries", 3)
    assert call("gallery", "search", place, "--run", old, *version, *options)[0] == str(sheet)
    query = load_run(old).features("test", "query")
    table = pd.read_csv(out)
    assert set(table["query"]) == set(query.keys) and set(table["rank"]) == {1, 2, 3, 4}
    assert list(table.columns) == ["query", "rank", "key", "score", "person", "camera", "time", "version"]
    scores = query.vectors.double() @ true.vectors.double().T
    junk = (query.ids[:, None] == true.ids) & (query.cams[:, None] == true.cams)
    best = scores.masked_fill(junk, -2).max(dim=1)
    first = table[table["rank"] == 1].set_index("query")
    assert first.loc[list(query.keys), "key"].tolist() == [true.keys[i] for i in best.indices]
    np.testing.assert_allclose(first.loc[list(query.keys), "score"], best.values, atol=1e-6)
    picture = np.asarray(Image.open(sheet))
    assert picture.shape == (3 * (128 + 3) + 3, 5 * (64 + 3) + 3, 3) and picture.std() > 10

    new = train(shop, "--runs", tmp_path / "new", "--old", old, "--method", "l2", "--seed", 3)
    file = load_run(new).features("test", "gallery").save(tmp_path / "new.safetensors")
    assert "is not registered" in refused("gallery", "backfill", place, "--features", file, "--version", "2026")
    declared = ("--compatible-with", "2024", "--new-old", 0.4, "--old-old", 0.3, "--note", "mAP")
    call("gallery", "register", place, "2026", *declared)
    half = Features.load(file)[np.arange(len(true) // 2)]
    half.save(tmp_path / "half.safetensors")
    call("gallery", "backfill", place, "--features", tmp_path / "half.safetensors", "--version", "2026")
    assert "not declared compatible" in refused("gallery", "search", place, "--run", old, *version)
    call(
        "gallery",
        "search",
        place,
        "--run",
        new,
        "--version",
        "2026",
        "--in-version",
        "2024",
        "--out",
        tmp_path / "h.json",
    )
    assert {r["version"] for r in json.loads((tmp_path / "h.json").read_text())} == {"2024"}
    said = call("gallery", "backfill", place, "--features", file, "--version", "2026", "--chunk", 5)
    assert said[0] == f"left as they are: {len(half)} vectors that this version had made already"
    said = call("gallery", "report", place, "--json", tmp_path / "report.json")
    assert said[-1].startswith("2026 reads 2024: 0.400, 2024 itself 0.300") and said[-1].endswith("mAP")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["versions"] == {"2024": 0, "2026": len(true)} and report["tail"] == 0
    with Gallery.open(place) as gallery:
        stored = gallery.fetch(true.keys)
    assert torch.equal(stored.vectors, Features.load(file).align(stored).vectors[: len(stored)])


def test_pictures_of_a_file_of_vectors_come_from_a_folder(tmp_path: Path) -> None:
    keys = [f"{i}.png" for i in range(6)]
    for i, key in enumerate(keys):
        Image.fromarray(np.full((20, 10, 3), 40 * i, np.uint8)).save(tmp_path / key)
    vectors = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    file = Features(vectors, [0, 0, 1, 1, 2, -1], None, "old", keys).save(tmp_path / "old.safetensors")
    place = tmp_path / "g"
    call("gallery", "build", place, "--features", file)
    search = ("gallery", "search", place, "--features", file, "--k", 3)
    call(*search, "--sheet", tmp_path / "s.png", "--crops", tmp_path)
    assert np.asarray(Image.open(tmp_path / "s.png"))[20, 20].tolist() == [0, 0, 0]
    assert len(call(*search)) == 1 + 6 * 3
    assert "no picture of query '0.png'" in refused(*search, "--sheet", tmp_path / "t.png")
    assert not (tmp_path / "t.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name the vectors by --features FILE, or the model that makes them by --run FOLDER"),
        (("--features", "none.safetensors"), "no features file at none.safetensors"),
        (("--features", "none.safetensors", "--data", "campus"), "which images --run reads"),
        (("--features", "v.safetensors", "--since", "monday"), "--since is a date such as 2026-11-02T14:00"),
        (("--features", "v.safetensors", "--out", "hits.txt"), "--out is a .csv or a .json file"),
        (("--features", "v.safetensors", "--sheet", "hits.jpg"), "--sheet is a .png file"),
        (("--features", "v.safetensors", "--in-version", "b"), "'b' is not registered"),
        (("--features", "v.safetensors", "--version", "b"), "'b' is not registered"),
    ],
)
def test_mistakes_are_one_line(options, message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Features(torch.eye(3), [0, 1, 2], None, "a", list("xyz")).save("v.safetensors")
    call("gallery", "build", "g", "--features", "v.safetensors")
    assert message in refused("gallery", "search", "g", *options)


def test_nothing_is_made_of_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Features(torch.eye(3), [0, 1, 2], None, "a").save("v.safetensors")
    assert "name of each image" in refused("gallery", "build", "g", "--features", "v.safetensors")
    assert "no gallery at g" in refused("gallery", "report", "g")
    assert "no Milvus server answers at http://localhost:1" in refused("gallery", "report", "http://localhost:1")
    assert not Path("g").exists()
