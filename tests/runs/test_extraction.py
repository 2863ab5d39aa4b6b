"""Extraction in blocks: bit by bit the vectors of one extraction, and on where it was interrupted."""

import numpy as np
import pytest
import torch
from small_model import TINY

from rbcl_lite.data.vector_files import read_vectors
from rbcl_lite.models.embedder import Embedder
from rbcl_lite.models.extract import extract
from rbcl_lite.runs import extraction
from rbcl_lite.runs.extraction import Piece, extract_to
from rbcl_lite.runs.old_function import OldFunction


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.setattr(extraction, "BLOCK", 8)


@pytest.fixture
def data(toy):
    return toy(people=9, images=4)  # 36 images: four blocks of 8 and one of 4


def pieces(*parts):
    return [Piece(d, [d.name_of(i) for i in d.ids], None, split) for d, split in parts]


def test_the_vectors_of_one_extraction(toy, data, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "BLOCK", 16)
    torch.manual_seed(0)
    model = Embedder(TINY)
    made = extract_to(
        tmp_path / "v.npy",
        lambda block: extract(model, block, batch=8),
        pieces((data, "query"), (toy(5, 3, seed=1), "gallery")),
        made_by="model",
        tag="run",
    )
    whole = [extract(model, d, batch=8).vectors for d in (data, toy(5, 3, seed=1))]
    assert torch.equal(made.vectors, torch.cat(whole)) and torch.equal(
        read_vectors(tmp_path / "v.npy").vectors, made.vectors
    )
    assert made.splits == ["query"] * 36 + ["gallery"] * 15 and made.cameras is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v.csv", "v.npy"]


class Counting:
    def __init__(self, stop=None):
        self.keys, self.stop = [], stop

    def __call__(self, block):
        if len(self.keys) == self.stop:
            raise KeyboardInterrupt
        self.keys.append(block.keys)
        return OldFunction(lambda images: images.reshape(len(images), -1)[:, :5] + 1.0, block.size).extract(block)


def test_on_after_an_interruption(blocks, data, tmp_path):
    path = tmp_path / "v.safetensors"
    with pytest.raises(KeyboardInterrupt):
        extract_to(path, Counting(stop=3), pieces((data, "query")), made_by="a")
    assert not path.exists() and len(list((tmp_path / "v.safetensors.blocks").iterdir())) == 3
    images = np.array(data.images)
    images[10] = 255 - images[10]
    changed = type(data)(images, data.ids, data.cams, data.keys, data.name)
    rest = Counting()
    made = extract_to(path, rest, pieces((changed, "query")), made_by="a")
    assert [keys[0] for keys in rest.keys] == [
        changed.keys[i] for i in (8, 24, 32)
    ]  # the changed block, and what was left
    assert torch.equal(made.vectors, Counting()(changed).vectors) and list(tmp_path.iterdir()) == [path]


def test_another_model_begins_anew(blocks, data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract_to(tmp_path / "v.npy", Counting(stop=3), pieces((data, "query")), made_by="a")
    other = Counting()
    extract_to(tmp_path / "v.npy", other, pieces((data, "query")), made_by="b")
    assert len(other.keys) == 5


def test_a_wrong_ending_before_any_work(data, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.csv"):
        extract_to(tmp_path / "v.csv", Counting(stop=0), pieces((data, "query")), made_by="a")


def test_functions_that_are_no_old_model(data):
    with pytest.raises(ValueError, match=r"gives \[36, 16, 8, 3\] for 36 images, not \[N, D\]"):
        OldFunction(lambda images: images, data.size).extract(data)
    with pytest.raises(ValueError, match=r"holds \(16, 8\) images, the old model old reads \(8, 8\)"):
        OldFunction(lambda images: images, (8, 8)).extract(data)
