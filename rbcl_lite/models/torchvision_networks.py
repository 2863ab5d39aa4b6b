"""Networks of torchvision: a ResNet as a trunk with its last stride removed, any other one as it is."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.error import URLError

import torchvision
from torch import Tensor, nn

from rbcl_lite.models.pooled import Pooled, one_line
from rbcl_lite.models.weights import load_whole

NATIVE = (224, 224)
AUXILIARY = ("googlenet", "inception_v3")
"""They have further classifiers, which a vector does not need."""


class ResNet(nn.Sequential):
    """A torchvision ResNet without pooling and classifier, last stride 1 (Luo et al. 2019, "last
    stride").

    Args:
        net: a ResNet, ResNeXt or wide ResNet; its modules are taken.
        channels: of its last maps.

    Shapes: [B, 3, H, W] -> [B, 512 or 2048, H / 16, W / 16].
    """

    def __init__(self, net: torchvision.models.ResNet, channels: int) -> None:
        last = net.layer4[0]
        for conv in (last.conv1, last.conv2, last.downsample[0]):
            if conv.stride == (2, 2):
                conv.stride = (1, 1)
        super().__init__(net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4)
        self.channels = channels


def is_torchvision(name: str) -> bool:
    """Whether torchvision has a classification network of this name."""
    return name in torchvision.models.list_models(module=torchvision.models)


def make_torchvision(
    name: str,
    pretrained: bool = False,
    size: tuple[int, int] | None = None,
    weights: Mapping[str, Tensor] | None = None,
    source: str = "",
) -> ResNet | Pooled:
    """A classification network of torchvision without its classifier.

    Args:
        name: as torchvision calls it.
        pretrained: load torchvision's ImageNet weights, downloading them once.
        size: (height, width) of the images; 224 x 224 by default. The ResNets read any.
        weights: state dict of the whole network; the classifier's are left out.
        source: the file of the weights and the name, for messages.

    Raises:
        FileNotFoundError: the weights are not on disk and cannot be downloaded.
        ValueError: a network that has no linear classifier, images that it cannot read, or weights
            that do not fit.
    """
    height, width = size or NATIVE
    options: dict[str, object] = (
        {"aux_logits": False, "init_weights": True} if name in AUXILIARY and not pretrained else {}
    )
    if name.startswith("vit_"):
        if height != width:
            raise ValueError(
                f"torchvision:{name} reads square images only, not {height} x {width}; timm has networks of this kind "
                "for any size, such as timm:vit_small_patch16_224"
            )
        options["image_size"] = height
    if name.startswith("maxvit"):
        options["input_size"] = (height, width)
    try:
        net = torchvision.models.get_model(name, weights="DEFAULT" if pretrained else None, **options)
    except (URLError, OSError) as error:
        raise FileNotFoundError(
            f"ImageNet weights of {name} are not on disk and could not be downloaded ({one_line(error)}); train from "
            "scratch with pretrained=False, give a file of weights (--weights), or put the file into "
            "torch.hub.get_dir()/checkpoints"
        ) from error
    except ValueError as error:  # of the networks that are built for one size
        raise ValueError(
            f"torchvision:{name} cannot read images of {height} x {width} pixels ({one_line(error)})"
        ) from error
    classifier = _classifier(net, name)
    parent, _, leaf = classifier.rpartition(".")
    channels = net.get_submodule(classifier).in_features
    setattr(net.get_submodule(parent), leaf, nn.Identity())
    if weights is not None:
        load_whole(net, weights, source, leave_out=[classifier])
    if isinstance(net, torchvision.models.ResNet):
        return ResNet(net, channels)
    return Pooled(net, f"torchvision:{name}", (height, width))


def _classifier(net: nn.Module, name: str) -> str:
    """Name of the last layer, which gives the classes."""
    linear = [path for path, module in net.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError(f"torchvision:{name} has no linear classifier to take off; choose another network")
    return linear[-1]
