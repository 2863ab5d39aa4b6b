"""Backbones by name: two small ones for a laptop, any network of torchvision, any of timm."""

from __future__ import annotations

from torch import nn

from rbcl_lite.models.pooled import Pooled
from rbcl_lite.models.timm_networks import check_timm, make_timm
from rbcl_lite.models.torchvision_networks import ResNet, is_torchvision, make_torchvision
from rbcl_lite.models.weights import WeightsFile, load_whole

TIMM, TORCHVISION = "timm:", "torchvision:"
HEADS = ("embed", "neck", "classifier")
"""What a model of this package has on its backbone."""


class SmallCNN(nn.Sequential):
    """Stages of 3x3 convolution, batch norm and ReLU; every stage halves the picture.

    Args:
        widths: channels of each stage.
        depth: convolutions in a stage.

    Shapes: [B, 3, H, W] -> [B, widths[-1], H / 2^S, W / 2^S] for S stages.
    """

    def __init__(self, widths: tuple[int, ...], depth: int = 1) -> None:
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:
            for i in range(depth):
                layers += [
                    nn.Conv2d(channels, width, 3, stride=2 if i == 0 else 1, padding=1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.ReLU(inplace=True),
                ]
                channels = width
        super().__init__(*layers)
        self.channels = channels


WIDTHS = {"tiny": (8, 16, 32), "small": (16, 48, 64, 128)}  # widths that a CPU computes fast
BACKBONES = (*WIDTHS, "resnet18", "resnet50")
"""The backbones of the book; ``make_backbone`` knows many more."""


def make_backbone(
    name: str,
    pretrained: bool = False,
    *,
    size: tuple[int, int] | None = None,
    weights: WeightsFile | None = None,
) -> SmallCNN | ResNet | Pooled:
    """The backbone of this name, with its number of output channels in ``.channels``.

    ``tiny``, ``small`` and the ResNets give maps [B, K, h, w]. All other networks pool by
    themselves, as they were trained, and give vectors [B, K].

    Args:
        name: tiny, small, a classification network of torchvision (``resnet18`` or
            ``torchvision:efficientnet_b0``), or one of timm (``timm:convnext_tiny``).
        pretrained: load the weights that torchvision or timm has, downloading them once. Nothing is
            ever downloaded without it.
        size: (height, width) of the images, for networks that are built for one size.
        weights: a file to start from: of the network itself, whose classifier is left out, or of a
            model of this package (``model.safetensors``), of which its backbone is taken.

    Raises:
        FileNotFoundError: weights are not there.
        ImportError: timm is asked for and not installed.
        ValueError: an unknown name, pretrained weights of a backbone that has none, images that the
            network cannot read, or weights that do not fit.

    >>> make_backbone("tiny").channels
    32
    """
    check_backbone(name, pretrained, weights)
    given = weights.read() if weights else None
    source = f"{weights.path} as {name}" if weights else ""
    of_model = given is not None and any(k.startswith("backbone.") for k in given)
    foreign = None if of_model else given
    backbone: SmallCNN | ResNet | Pooled
    if name in WIDTHS:
        backbone = SmallCNN(WIDTHS[name])
        if foreign is not None:
            load_whole(backbone, foreign, source)
    elif name.startswith(TIMM):
        backbone = make_timm(name.removeprefix(TIMM), pretrained, size, foreign, source)
    else:
        backbone = make_torchvision(name.removeprefix(TORCHVISION), pretrained, size, foreign, source)
    if given is not None and of_model:
        load_whole(backbone, {k.removeprefix("backbone."): v for k, v in given.items()}, source, leave_out=HEADS)
    return backbone


def check_backbone(name: str, pretrained: bool = False, weights: WeightsFile | None = None) -> None:
    """Make sure that there is a backbone of this name, and that it can start as it is asked to.

    Raises:
        ImportError: timm is asked for and not installed.
        ValueError: an unknown name, pretrained weights of a backbone that has none, or two sources
            of weights.
    """
    if name.startswith(TIMM):
        check_timm(name.removeprefix(TIMM))
    elif name not in WIDTHS and not is_torchvision(name.removeprefix(TORCHVISION)):
        raise ValueError(
            f"unknown backbone {name!r}: choose one of {', '.join(BACKBONES)}, another classification network of "
            "torchvision such as efficientnet_b0, or one of timm such as timm:convnext_tiny"
        )
    if pretrained and name in WIDTHS:
        raise ValueError(
            f"there are no pretrained weights of {name!r}; torchvision and timm have them of their networks"
        )
    if pretrained and weights:
        raise ValueError(f"a backbone starts from pretrained weights or from {weights.path}, not from both")
