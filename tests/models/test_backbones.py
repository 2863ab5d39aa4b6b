"""Trunks: shapes, strides, weights from the net."""

from urllib.error import URLError

import pytest
import torch
import torchvision
from torch import nn

from rbcl_lite.models.backbones import BACKBONES, make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig

STRIDE = {"tiny": 8, "small": 16, "resnet18": 16, "resnet50": 16}
CHANNELS = {"tiny": 32, "small": 128, "resnet18": 512, "resnet50": 2048}


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
    ours = make_backbone(name)
    trained = [p for k, p in plain.named_parameters() if not k.startswith("fc.")]
    assert all(torch.equal(a, b) for a, b in zip(trained, ours.parameters(), strict=True))


def by_hand(widths: tuple[int, ...]) -> list[nn.Module]:
    channels = (3, *widths)
    return [nn.Conv2d(a, b, 3, 2, 1, bias=False) for a, b in zip(channels, widths)]


@pytest.mark.parametrize("name", BACKBONES)
def test_first_weights_are_those_of_all_measured_results(name):
    """The order of the draws after a seed: the backbone's layers, the embedding, the classifier, and nothing else."""
    torch.manual_seed(3)
    model = Embedder(EmbedderConfig(name, dim=16, num_classes=5))
    after = torch.rand(3)
    torch.manual_seed(3)
    widths = {"tiny": (8, 16, 32), "small": (16, 48, 64, 128)}
    layers = by_hand(widths[name]) if name in widths else [torchvision.models.get_model(name)]
    layers += [nn.Linear(CHANNELS[name], 16, bias=False), nn.Linear(16, 5, bias=False)]
    drawn = [p for layer in layers for k, p in layer.named_parameters() if p.ndim > 1 and not k.startswith("fc.")]
    ours = [p for p in model.parameters() if p.ndim > 1]
    assert len(ours) == len(drawn) and all(map(torch.equal, ours, drawn))
    assert torch.equal(torch.rand(3), after)


def test_pretrained_weights_that_cannot_be_downloaded(monkeypatch):
    def offline(name, weights, **options):
        assert weights == "DEFAULT"
        raise URLError("Name or service not known")

    monkeypatch.setattr(torchvision.models, "get_model", offline)
    with pytest.raises(
        FileNotFoundError, match=r"weights of resnet50 .*Name or service.*pretrained=False.*checkpoints"
    ):
        make_backbone("resnet50", pretrained=True)


def test_errors():
    with pytest.raises(ValueError, match=r"'resnet19'.*tiny, small, resnet18, resnet50, another .* timm:convnext_tiny"):
        make_backbone("resnet19")
    with pytest.raises(ValueError, match="no pretrained weights of 'tiny'"):
        make_backbone("tiny", pretrained=True)


@pytest.mark.parametrize("name", ["resnet34", "torchvision:resnet34", "resnext50_32x4d"])
def test_other_resnets_have_their_last_stride_removed_too(name):
    trunk = make_backbone(name).eval()
    with torch.no_grad():
        assert list(trunk(torch.rand(1, 3, 64, 32)).shape) == [1, trunk.channels, 4, 2]
