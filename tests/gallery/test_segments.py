"""Segments of the index: written, merged, found damaged and written again; always what the database says."""

from __future__ import annotations

import shutil
import sqlite3
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from conformance import DIM, GOOD, found, people

from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery, compaction, search
from rbcl_lite.gallery.layout import Limits, first_to_merge

SMALL = Limits(tail=50, flat=300, recall=1.0)


def segments(path: Path) -> list[Path]:
    return sorted(f for f in (path / "index").iterdir() if not f.name.startswith("centres"))


def nearest(query: Features, true: Features, k: int, mask: np.ndarray | None = None) -> list[list[str]]:
    """As the definition says, by one product."""
    scores = (query.vectors.double() @ true.vectors.double().T).numpy()
    if query.cams is not None and true.cams is not None:
        scores[((query.ids[:, None] == true.ids) & (query.cams[:, None] == true.cams)).numpy()] = -np.inf
    if mask is not None:
        scores[:, ~mask] = -np.inf
    order = np.argsort(-scores, axis=1)[:, :k]
    return [[true.keys[j] for j in line if np.isfinite(s[j])] for line, s in zip(order, scores)]


def check(gallery: Gallery, true: Features, seed: int = 3) -> None:
    """The index and the exact search find what the definition says."""
    query = people(6, "old", first=5000, seed=seed)
    for exact in (False, True):
        assert found(gallery.search(query, 10, exact=exact)) == nearest(query, true, 10)
    assert sorted(gallery.rows()["key"]) == sorted(true.keys)


@pytest.fixture(autouse=True)
def lists_are_always_asked(monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr(search, "_FEW", 0)


@pytest.fixture
def path(tmp_path) -> Path:
    """A gallery of 400 vectors: an inverted file, and newer rows."""
    with Gallery(tmp_path / "g", dim=DIM, limits=SMALL) as gallery:
        for first in range(0, 360, 60):
            gallery.add(people(60, first=first))
        gallery.add(people(40, first=360))
    return tmp_path / "g"


def test_a_gallery_that_grows_and_shrinks(tmp_path):
    """Every kind of change, checked after each: flat, inverted, merged, retrained, hollow."""
    r = np.random.default_rng(0)
    true = people(0)
    kinds = set()
    with Gallery(tmp_path / "g", dim=DIM, limits=Limits(tail=50, flat=250, recall=1.0)) as gallery:
        gallery.register("old")
        for step in range(30):
            n = int(r.integers(1, 130))
            if step % 3 == 2 and len(true):
                gone = r.choice(len(true), min(n, len(true)), replace=False)
                gallery.remove([true.keys[i] for i in gone])
                true = true[np.setdiff1d(np.arange(len(true)), gone)]
            elif step % 3 == 1 and len(true):
                some = np.sort(r.choice(len(true), min(n, len(true)), replace=False))
                new = Features(torch.randn(len(some), DIM), true.ids[some], true.cams[some], "old", true[some].keys)
                gallery.backfill(new)
                vectors = true.vectors.clone()
                vectors[some] = new.vectors
                true = Features(vectors, true.ids, true.cams, "old", true.keys)
            else:
                n *= 1 + 3 * (3 <= step < 15)  # it is small, grows, and shrinks
                true = Features.concat([true, people(n, first=step * 1000)])
                gallery.add(people(n, first=step * 1000))
            if step % 10 == 9:
                gallery.save()
            check(gallery, true, step)
            kinds.add(gallery.report().index.split(",")[0])
        assert len(gallery.report().index.split("+")) <= 4
        gallery.remove(true.keys)
        gallery.save()
        assert not gallery.search(people(1)).found.any() and not segments(tmp_path / "g")
    assert "flat" in kinds and any("ivf" in kind for kind in kinds)


def test_it_opens_as_it_was_closed(path):
    with Gallery.open(path) as gallery:
        report = gallery.report()
        assert "ivf" in report.index and report.tail and report.recall > 0.99
        check(gallery, people(400))
    with Gallery(path, dim=DIM) as gallery:
        assert gallery.report() == report


@pytest.mark.parametrize(
    "harm", ["delete all", "delete one", "truncate", "no about", "centres", "centres and all", "foreign"]
)
def test_a_damaged_index_is_built_again(path, harm, tmp_path):
    some = segments(path)[0]
    index = some / "index.faiss"
    if harm in ("delete all", "centres and all"):
        shutil.rmtree(path / "index")
    elif harm == "delete one":
        shutil.rmtree(some)
    elif harm == "truncate":
        index.write_bytes(index.read_bytes()[:-100])
    elif harm == "no about":
        (some / "about.json").write_text("{")
    elif harm == "foreign":  # as large, and no index
        index.write_bytes(b"x" * index.stat().st_size)
    if "centres" in harm:
        for folder in path.glob("index/centres*"):
            shutil.rmtree(folder)
        for folder in path.glob("index/*"):
            shutil.rmtree(folder)
    with Gallery(path, dim=DIM, limits=SMALL) as gallery:
        check(gallery, people(400))
        gallery.add(people(60, first=400))
        check(gallery, people(460))


def test_a_segment_that_goes_while_it_is_served_is_built_again(path):
    with Gallery(path, dim=DIM, limits=SMALL) as gallery, Gallery(path, dim=DIM, limits=SMALL) as other:
        check(gallery, people(400))
        other.add(people(60, first=400))
        other.save()  # deletes segments that the first still maps
        check(gallery, people(460))
        shutil.rmtree(path / "index")
        gallery.register("new", {"old": GOOD})
        check(gallery, people(460))  # what is mapped is still right
    with Gallery(path, dim=DIM, limits=SMALL) as gallery:
        check(gallery, people(460))


def test_an_index_older_than_the_database_shows_what_came_later(path):
    """A copy of the index folder from yesterday belongs to no segment that the database names."""
    yesterday = path.with_name("copy")
    shutil.copytree(path / "index", yesterday)
    with Gallery(path, dim=DIM, limits=SMALL) as gallery:
        gallery.remove([f"{i}.png" for i in range(350)])
        gallery.save()
    shutil.rmtree(path / "index")
    shutil.copytree(yesterday, path / "index")
    with Gallery(path, dim=DIM, limits=SMALL) as gallery:
        check(gallery, people(50, first=350))


def test_a_full_disk_while_the_index_is_written_loses_nothing(path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Gallery(path, dim=DIM, limits=SMALL) as gallery:
        monkeypatch.setattr(compaction, "write_columns", full)
        with pytest.warns(UserWarning, match="vectors are stored, but their index was not written.*No space left"):
            gallery.add(people(60, first=400))
        check(gallery, people(460))
        with pytest.raises(OSError, match="No space left"):
            gallery.save()
        monkeypatch.undo()
        gallery.save()
        assert gallery.report().tail == 0
        assert not list(path.glob("index/*.tmp"))


def test_a_full_disk_while_vectors_are_stored(path):
    with Gallery(path, dim=DIM, limits=Limits(tail=10**6)) as gallery:
        writer = gallery._database._writer
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(OSError, match="the disk is full; nothing of this call was stored"):
            gallery.add(people(2000, first=400))
        check(gallery, people(400))
        writer.execute("PRAGMA max_page_count = 1000000")
        gallery.add(people(60, first=400))
        check(gallery, people(460))


def test_what_is_no_gallery_or_cannot_be_written(path, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no gallery at .*nowhere .*Gallery\(path, dim=...\)"):
        Gallery.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ValueError, match="holds vectors of 16 dimensions, not 32"):
        Gallery(path, dim=32)
    with pytest.raises(ValueError, match="dim must be at least 1"):
        Gallery(None, dim=0)
    with pytest.raises(ValueError, match="needs dim"):
        Gallery(None)
    with Gallery(path, dim=DIM) as gallery:
        gallery._database._writer.execute("PRAGMA query_only = 1")  # as on a read-only disk
        with pytest.raises(OSError, match="cannot be written here"):
            gallery.add(people(1, first=900))
    with pytest.raises(OSError, match="is closed"):
        gallery.search(people(1))
    gallery.close()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "gallery.sqlite").write_text("no database" * 1000)
    with pytest.raises(OSError, match="damaged, or no gallery"):
        Gallery.open(tmp_path / "text")
    with sqlite3.connect(path / "gallery.sqlite") as connection:
        connection.execute("UPDATE state SET format = 99")
    connection.close()
    with pytest.raises(ValueError, match="format 99"):
        Gallery.open(path)


def test_recall_is_measured_and_reached(tmp_path):
    """On vectors without structure few lists hold few neighbours: more are looked at until the recall is there."""
    vectors = torch.from_numpy(np.random.default_rng(0).normal(size=(3000, DIM)).astype(np.float32))
    features = Features(vectors, np.arange(3000), None, "old", [str(i) for i in range(3000)])
    query = Features(
        torch.from_numpy(np.random.default_rng(1).normal(size=(50, DIM)).astype(np.float32)), [-1] * 50, model="old"
    )
    got = {}
    for wanted in (0.3, 0.95):
        with Gallery(tmp_path / str(wanted), dim=DIM, limits=Limits(tail=1000, flat=1000, recall=wanted)) as gallery:
            gallery.add(features)
            report = gallery.report()
            assert report.recall >= wanted and "ivf" in report.index
            hits, true = (gallery.search(query, 10, exact=exact) for exact in (False, True))
            got[wanted] = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(hits.keys.tolist(), true.keys.tolist())])
            assert abs(got[wanted] - report.recall) < 0.08
            assert found(true) == nearest(query, features, 10)
            narrow = gallery.search(query, 10, where={"person": list(range(0, 3000, 20))})
            few = nearest(query, features, 10, np.arange(3000) % 20 == 0)
            shared = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found(narrow), few)])
            assert shared > got[wanted] - 0.05, "a filter must not cost recall"
    assert got[0.3] < got[0.95]


def test_without_faiss_small_galleries_work_and_large_ones_say_so(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "faiss", None)
    with Gallery(tmp_path / "g", dim=DIM, limits=SMALL) as gallery:
        gallery.add(people(200))
        check(gallery, people(200))
        with pytest.warns(UserWarning, match=r"index was not written.*pip install \"rbcl-lite\[gallery\]\""):
            gallery.add(people(200, first=200))
        check(gallery, people(400))


def test_one_person_with_many_images_at_one_camera(tmp_path):
    """More rows are left out than are asked for in vain: they are masked."""
    n = 700
    vectors = torch.nn.functional.normalize(torch.randn(n, DIM, generator=torch.Generator().manual_seed(0)), dim=1)
    ids, cams = np.where(np.arange(n) < 600, 1, 2), np.zeros(n, np.int64)
    gallery_features = Features(vectors, ids, cams, "old", [f"{i}.png" for i in range(n)])
    with Gallery(tmp_path / "g", dim=DIM, limits=SMALL) as gallery:
        gallery.add(gallery_features)
        query = Features(vectors[:3], [1, 2, 1], [0, 0, 1], "old")
        assert found(gallery.search(query, 20)) == nearest(query, gallery_features, 20)


def test_segments_shrink_from_one_to_the_next():
    r = np.random.default_rng(0)
    sizes: list[int] = []
    written = 0
    for _ in range(500):
        new = int(r.integers(1, 100))
        first = first_to_merge(sizes, new)
        sizes = [*sizes[:first], sum(sizes[first:]) + new]
        written += sizes[-1]
        assert all(a >= 2 * b for a, b in pairwise(sizes))
    assert len(sizes) <= 12 and written < 12 * sum(sizes)


def test_limits_are_checked():
    for wrong in ({"tail": 0}, {"flat": 0}, {"recall": 0}, {"recall": 1.1}):
        with pytest.raises(ValueError, match="at least 1"):
            Limits(**wrong)


def test_nothing_is_warned_of_in_daily_use(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Gallery(tmp_path / "g", dim=DIM, limits=SMALL) as gallery:
            gallery.add(people(400))
            gallery.backfill(people(100, first=20))
            gallery.save()
            gallery.search(people(3))
