"""Convolutional trunks: two small ones for a laptop, two torchvision ResNets for a GPU."""

from __future__ import annotations

from collections.abc import Callable
from urllib.error import URLError

import torchvision
from torch import nn


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


class ResNet(nn.Sequential):
    """A torchvision ResNet without pooling and classifier, last stride 1 (Luo et al. 2019, "last
    stride").

    Args:
        name: a ResNet of torchvision.models.
        pretrained: load torchvision's ImageNet weights, downloading them once.

    Raises:
        FileNotFoundError: the weights are not on disk and cannot be downloaded.

    Shapes: [B, 3, H, W] -> [B, 512 or 2048, H / 16, W / 16].
    """

    def __init__(self, name: str, pretrained: bool = False) -> None:
        try:
            net = torchvision.models.get_model(name, weights="DEFAULT" if pretrained else None)
        except (URLError, OSError) as error:
            raise FileNotFoundError(
                f"ImageNet weights of {name} are not on disk and could not be downloaded ({error}); train from "
                "scratch with pretrained=False, or put the file into torch.hub.get_dir()/checkpoints"
            ) from error
        last = net.layer4[0]
        for conv in (last.conv1, last.conv2, last.downsample[0]):
            if conv.stride == (2, 2):
                conv.stride = (1, 1)
        channels = net.fc.in_features
        super().__init__(net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4)
        self.channels = channels


BACKBONES: dict[str, Callable[[bool], SmallCNN | ResNet]] = {
    "tiny": lambda pretrained: SmallCNN((8, 16, 32)),
    "small": lambda pretrained: SmallCNN((16, 48, 64, 128)),  # widths that a CPU computes fast
    "resnet18": lambda pretrained: ResNet("resnet18", pretrained),
    "resnet50": lambda pretrained: ResNet("resnet50", pretrained),
}


def make_backbone(name: str, pretrained: bool = False) -> SmallCNN | ResNet:
    """The backbone of this name, with its number of output channels in ``.channels``.

    Raises:
        ValueError: an unknown name, or pretrained weights of a backbone that has none.

    >>> make_backbone("tiny").channels
    32
    """
    if name not in BACKBONES:
        raise ValueError(f"unknown backbone {name!r}: choose one of {', '.join(BACKBONES)}")
    if pretrained and not name.startswith("resnet"):
        raise ValueError(f"there are no pretrained weights of {name!r}; only the ResNets have ImageNet weights")
    return BACKBONES[name](pretrained)
