"""``rbcl-lite gallery thresholds`` and ``show`` on a folder of crops, before and after half a backfill."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from own_crops import call, refused

from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.pairs import Pairs
from rbcl_lite.gallery.thresholds import calibrate, rates
from rbcl_lite.runs.run import load_run


@pytest.fixture
def half(old: Path, tmp_path: Path) -> Path:
    """A gallery, half of which another model made; ``before`` is its copy from before."""
    vectors = load_run(old).features("test", "gallery")
    with Gallery(tmp_path / "half", vectors.dim) as gallery:
        gallery.add(vectors, version="2024")
        gallery.register("2026", {"2024": Evidence(0.4, 0.3, "2026-11-02")})
    shutil.copytree(tmp_path / "half", tmp_path / "before")
    with Gallery.open(tmp_path / "half") as gallery:
        noise = np.random.default_rng(0).normal(0, 0.1, vectors.vectors.shape).astype(np.float32)
        moved = Features(vectors.vectors + noise, vectors.ids, vectors.cams, "2026", vectors.keys)
        gallery.backfill(moved[np.arange(len(vectors) // 2)])
    return tmp_path / "half"


def test_thresholds_of_each_version(old: Path, half: Path, tmp_path: Path) -> None:
    asked = ("gallery", "thresholds", half, "--run", old, "--version", "2026")
    said = call(*asked, "--rate", 0.1, "--threshold", 0.9)
    query = load_run(old).features("test", "query")
    with Gallery.open(half) as gallery:
        rows = gallery.rows()
        pairs = Pairs.of(query, gallery.fetch(rows["key"].tolist()))
    lines = {line.split()[0]: line for line in said if line.split()[0] in ("all", "2024", "2026")}
    for name, line in lines.items():
        part = pairs.columns((rows["version"] == name).to_numpy() | (name == "all"))
        t = calibrate(part.scores[part.strangers], 0.1)
        assert f"{t:.4f}" in line and f"{part.scores.shape[1]} " in line
        for found in (rates(part, t), rates(part, 0.9)):
            assert str(found.intervals["false_match"]) in line and str(found.intervals["miss"]) in line
    assert set(lines) == {"all", "2024", "2026"}
    assert re.search(r"at least 1,000,000 are needed", refused(*asked, "--rate", 1e-6))


def test_the_page_of_before_and_after(old: Path, shop: Path, half: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    both = ("gallery", "show", tmp_path / "before", half, "--version", "2026", "--queries", 2, "--k", 3)
    assert call(*both, "--run", old, "--out", out) == [str(out)]
    page = out.read_text()
    assert page.count("<img ") == 2 + 2 * 2 * 3 and page.count("data:image/png") == page.count("<img ")
    assert "<b>before</b>" in page and "<b>half</b>" in page and "vector of 2024" in page
    assert "<script" not in page and "http" not in page

    file = load_run(old).features("test", "query").save(tmp_path / "query.safetensors")
    from_file = tmp_path / "file.html"
    call(*both, "--features", file, "--crops", shop, "--out", from_file)
    assert from_file.read_text().count("<img ") == page.count("<img ")
    wrong = refused(*both, "--features", file, "--crops", tmp_path, "--out", tmp_path / "no.html")
    assert "there is no picture of" in wrong and not (tmp_path / "no.html").exists()
    assert "--queries must be at least 1, got 0" in refused("gallery", "show", half, "--run", old, "--queries", 0)
