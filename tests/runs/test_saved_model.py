"""A model's weights on disk."""

import json

import pytest
import torch

from rbcl_lite.base.files import write_json
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.runs.saved_model import load_model, save_model


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
        with pytest.raises(ValueError, match=r"model.safetensors is damaged .*train again"):
            load_model(tmp_path)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="no weights at"):
        load_model(tmp_path)


def test_weights_of_another_model(model, tmp_path):
    save_model(tmp_path, model, {})
    write_json(tmp_path / "model.json", {"model": {**model.describe(), "dim": 16}})
    with pytest.raises(ValueError, match=r"do not fit its model\.json"):
        load_model(tmp_path)
