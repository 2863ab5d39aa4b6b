"""Weights from a file: all of them or none, whatever wrote them, and nothing in it is run."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from rbcl_lite.models.backbones import make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.weights import WeightsFile, load_whole, read_weights
from rbcl_lite.runs.saved_model import load_model, save_model


@pytest.fixture(scope="module")
def resnet() -> dict[str, torch.Tensor]:
    torch.manual_seed(9)
    return torchvision.models.resnet18().state_dict()


def loaded(path: Path, name: str = "resnet18", **options) -> nn.Module:
    return make_backbone(name, weights=WeightsFile.at(path), **options)


@pytest.mark.parametrize("kind", ["plain", "safetensors", "checkpoint", "parallel", "compiled", "without counts"])
def test_whatever_wrote_them(kind, resnet, tmp_path):
    path = tmp_path / "w.pth"
    if kind == "safetensors":
        path = tmp_path / "w.safetensors"
        save_file(resnet, path)
    elif kind == "checkpoint":
        torch.save({"epoch": 3, "state_dict": OrderedDict(resnet), "optimizer": {"lr": 0.1}}, path)
    elif kind in ("parallel", "compiled"):
        prefix = {"parallel": "module.", "compiled": "_orig_mod."}[kind]
        torch.save({"model": {prefix + k: v for k, v in resnet.items()}}, path)
    elif kind == "without counts":
        torch.save({k: v for k, v in resnet.items() if not k.endswith("num_batches_tracked")}, path)
    else:
        torch.save(resnet, path)
    trunk = loaded(path)
    expected = [v for k, v in resnet.items() if not k.startswith("fc.")]
    assert len(expected) == len(trunk.state_dict()) and all(map(torch.equal, trunk.state_dict().values(), expected))


def test_what_does_not_fit_is_listed_in_one_error(resnet, tmp_path):
    bad = {k: v for k, v in resnet.items() if not k.startswith("layer4.1.conv")}
    bad.update({"conv1.weight": torch.zeros(64, 1, 7, 7), "head.weight": torch.zeros(3)})
    torch.save(bad, tmp_path / "w.pth")
    before = torch.get_rng_state()
    with pytest.raises(ValueError) as caught:
        loaded(tmp_path / "w.pth")
    assert str(caught.value) == (
        f"{tmp_path}/w.pth as resnet18: 2 weights are missing (layer4.1.conv1.weight, layer4.1.conv2.weight); "
        "1 weights are not known (head.weight); 1 weights have another shape (conv1.weight [64, 1, 7, 7] instead of "
        "[64, 3, 7, 7])"
    )
    torch.set_rng_state(before)
    with pytest.raises(ValueError, match=r"122 weights are not known \(conv1.weight, bn1.weight, .*, …\)"):
        torch.save(resnet, tmp_path / "w.pth")
        loaded(tmp_path / "w.pth", "tiny")


def test_a_network_that_does_not_fit_stays_as_it_was():
    layer = nn.Linear(2, 2)
    before = {k: v.clone() for k, v in layer.state_dict().items()}
    with pytest.raises(ValueError, match="1 weights are missing"):
        load_whole(layer, {"weight": torch.zeros(2, 2)}, "x")
    assert all(torch.equal(v, before[k]) for k, v in layer.state_dict().items())


@pytest.mark.parametrize("name", ["tiny", "resnet18", "torchvision:mobilenet_v3_small", "timm:test_vit"])
def test_from_a_model_of_this_package(name, tmp_path):
    if name.startswith("timm:"):
        pytest.importorskip("timm", reason='timm is not installed; pip install "rbcl-lite[timm]"')
    config = EmbedderConfig(name, dim=8, num_classes=5, size=(64, 32))
    model = Embedder(config)
    save_model(tmp_path, model, {})
    trunk = loaded(tmp_path / "model.safetensors", name, size=(64, 32))
    assert all(torch.equal(v, trunk.state_dict()[k]) for k, v in model.backbone.state_dict().items())
    again = load_model(tmp_path)
    assert again.config == config
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in model.state_dict().items())
    if name != "tiny":
        with pytest.raises(ValueError, match=r"model.safetensors as tiny: .* are not known"):
            loaded(tmp_path / "model.safetensors", "tiny")


def test_positions_of_a_transformer_are_interpolated(tmp_path):
    timm = pytest.importorskip("timm", reason='timm is not installed; pip install "rbcl-lite[timm]"')
    whole = timm.create_model("test_vit")
    assert whole.pos_embed.shape == (1, 101, 64)
    torch.save(whole.state_dict(), tmp_path / "w.pth")
    same = loaded(tmp_path / "w.pth", "timm:test_vit").net.state_dict()
    assert all(torch.equal(v, whole.state_dict()[k]) for k, v in same.items()) and "head.weight" not in same
    other = loaded(tmp_path / "w.pth", "timm:test_vit", size=(64, 32)).net.state_dict()
    assert other["pos_embed"].shape == (1, 9, 64)
    assert all(torch.equal(v, whole.state_dict()[k]) for k, v in other.items() if k != "pos_embed")
    lacking = {k: v for k, v in whole.state_dict().items() if k != "norm.bias"}
    torch.save(lacking, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"w.pth as timm:test_vit: 1 weights are missing \(norm.bias\)"):
        loaded(tmp_path / "w.pth", "timm:test_vit", size=(64, 32))


class Runs:
    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


def test_nothing_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAP", str(tmp_path / "trap"))
    torch.save({"state_dict": Runs()}, tmp_path / "w.pth")
    with pytest.raises(
        ValueError, match=r"w.pth holds more than tensors, .* a pickle may run anything; save the state"
    ):
        read_weights(tmp_path / "w.pth")
    assert not (tmp_path / "trap").exists()


def test_files_that_hold_no_weights(tmp_path):
    path = tmp_path / "w.pth"
    for held, message in (
        ({"epoch": 3, "args": {}}, "holds no state dict but the names epoch, args; looked for it under state_dict"),
        ([torch.zeros(1)], "holds no state dict but list"),
        ({}, "holds no state dict but"),
    ):
        torch.save(held, path)
        with pytest.raises(ValueError, match=message):
            read_weights(path)
    for damaged in (b"", b"text", b"PK\x03\x04half"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"w.pth (holds more than tensors, or is damaged|is no file of weights)"):
            read_weights(path)
    with pytest.raises(FileNotFoundError, match=r"no weights at .*absent.pth; give a safetensors file"):
        WeightsFile.at(tmp_path / "absent.pth")


def test_a_file_that_changed_after_it_was_named(resnet, tmp_path):
    torch.save(resnet, tmp_path / "w.pth")
    named = WeightsFile.at(tmp_path / "w.pth")
    torch.save({**resnet, "conv1.weight": resnet["conv1.weight"] + 1}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"w.pth have changed \(SHA-256 .*…, it was .*…\)"):
        make_backbone("resnet18", weights=named)
    with pytest.raises(ValueError, match=r"starts from pretrained weights or from .*w.pth, not from both"):
        make_backbone("resnet18", pretrained=True, weights=named)
