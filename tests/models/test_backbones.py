"""Trunks: shapes, strides, weights from the net."""

from urllib.error import URLError

import pytest
import torch
import torchvision

from rbcl_lite.models.backbones import BACKBONES, ResNet, make_backbone

STRIDE = {"tiny": 8, "small": 16, "resnet18": 16, "resnet50": 16}
CHANNELS = {"tiny": 64, "small": 128, "resnet18": 512, "resnet50": 2048}


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("size", [(64, 32), (128, 64)])
def test_shapes(name, size):
    trunk = make_backbone(name).eval()
    with torch.no_grad():
        maps = trunk(torch.rand(2, 3, *size))
    assert trunk.channels == CHANNELS[name]
    assert list(maps.shape) == [2, CHANNELS[name], size[0] // STRIDE[name], size[1] // STRIDE[name]]


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_last_stride_changes_no_weight(name):
    torch.manual_seed(0)
    plain = torchvision.models.get_model(name)
    torch.manual_seed(0)
    ours = ResNet(name)
    trained = [p for k, p in plain.named_parameters() if not k.startswith("fc.")]
    assert all(torch.equal(a, b) for a, b in zip(trained, ours.parameters(), strict=True))


def test_pretrained_weights_that_cannot_be_downloaded(monkeypatch):
    def offline(name, weights):
        assert weights == "DEFAULT"
        raise URLError("Name or service not known")

    monkeypatch.setattr(torchvision.models, "get_model", offline)
    with pytest.raises(
        FileNotFoundError, match=r"weights of resnet50 .*Name or service.*pretrained=False.*checkpoints"
    ):
        make_backbone("resnet50", pretrained=True)


def test_errors():
    with pytest.raises(ValueError, match=r"'resnet34'.*tiny, small, resnet18, resnet50"):
        make_backbone("resnet34")
    with pytest.raises(ValueError, match="no pretrained weights of 'tiny'"):
        make_backbone("tiny", pretrained=True)
