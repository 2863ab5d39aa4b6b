"""Weights and training state on disk."""

import json

import pytest
import torch

from rbcl_lite.base.files import read_note, read_tensors, write_json, write_tensors
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.runs.saved_model import load_model, save_model
from rbcl_lite.training.resume import pack, unpack


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Embedder(EmbedderConfig("tiny", dim=8, num_classes=5, pooling="max"))


def test_a_model_comes_back(model, tmp_path):
    save_model(tmp_path / "run", model, {"seed": 3, "where": tmp_path})
    again = load_model(tmp_path / "run")
    assert again.config == model.config and not again.training
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in model.state_dict().items())
    about = json.loads((tmp_path / "run" / "model.json").read_text())
    assert about["seed"] == 3 and about["model"]["backbone"] == "tiny"
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["model.json", "model.safetensors"]


def test_a_pretrained_model_is_loaded_without_a_download(tmp_path, monkeypatch):
    model = Embedder(EmbedderConfig("resnet18", dim=8, num_classes=5))
    monkeypatch.setattr(model, "describe", lambda: {**Embedder.describe(model), "pretrained": True})
    save_model(tmp_path, model, {})
    assert load_model(tmp_path).config.pretrained is False


def test_missing_and_damaged_models(model, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model in .*model.json is missing.*rbcl-lite train"):
        load_model(tmp_path)
    save_model(tmp_path, model, {})
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\x00" * 100):
        weights.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"model.safetensors is damaged .*delete it"):
            load_model(tmp_path)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="no weights at"):
        load_model(tmp_path)


def test_weights_of_another_model(model, tmp_path):
    save_model(tmp_path, model, {})
    write_json(tmp_path / "model.json", {"model": {**model.describe(), "dim": 16}})
    with pytest.raises(ValueError, match=r"do not fit its model\.json"):
        load_model(tmp_path)


def test_tensors_that_share_memory_and_a_note(tmp_path):
    base = torch.arange(6.0).view(2, 3)
    write_tensors(tmp_path / "t.safetensors", {"a": base, "b": base.T, "c": base[0]}, {"rows": [0.1], "name": "ü"})
    back = read_tensors(tmp_path / "t.safetensors")
    assert torch.equal(back["b"], base.T) and torch.equal(back["c"], base[0])
    assert read_note(tmp_path / "t.safetensors") == {"rows": [0.1], "name": "ü"}
    (tmp_path / "t.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is damaged"):
        read_note(tmp_path / "t.safetensors")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.safetensors"
    write_tensors(path, {"a": torch.zeros(2)})

    def cut(tensors, temporary, metadata):
        temporary.write_bytes(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr("rbcl_lite.base.files.save_file", cut)
    with pytest.raises(OSError, match="no space"):
        write_tensors(path, {"a": torch.ones(2)})
    assert torch.equal(read_tensors(path)["a"], torch.zeros(2))


def test_pack_and_unpack_restore_modules_and_optimiser(tmp_path):
    def make(seed):
        torch.manual_seed(seed)
        parts = {"model": torch.nn.Linear(3, 2), "method": torch.nn.BatchNorm1d(2)}
        unused = torch.nn.Parameter(torch.ones(1))  # a parameter without gradient has no state
        every = [unused, *(p for part in parts.values() for p in part.parameters())]
        return parts, torch.optim.AdamW(every, lr=0.1)

    def steps(parts, optimizer, seeds):
        for seed in seeds:
            x = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
            optimizer.zero_grad()
            (parts["method"](parts["model"](x)) * torch.tensor([1.0, -2.0])).pow(3).sum().backward()
            optimizer.step()

    parts, optimizer = make(0)
    steps(parts, optimizer, range(3))
    write_tensors(tmp_path / "s", pack(parts, optimizer))
    steps(parts, optimizer, range(3, 6))

    other, other_optimizer = make(1)
    unpack(read_tensors(tmp_path / "s"), other, other_optimizer)
    steps(other, other_optimizer, range(3, 6))
    for name, part in parts.items():
        assert all(torch.equal(v, other[name].state_dict()[k]) for k, v in part.state_dict().items())
