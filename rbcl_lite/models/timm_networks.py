"""Networks of timm by name, pooling as they do, for images of any size that they can read."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from rbcl_lite.models.pooled import Pooled, one_line
from rbcl_lite.models.weights import load_whole


def make_timm(
    name: str,
    pretrained: bool = False,
    size: tuple[int, int] | None = None,
    weights: Mapping[str, Tensor] | None = None,
    source: str = "",
) -> Pooled:
    """A network of timm without its classifier.

    Networks that are built for one size, such as vision transformers, are built for ``size``; the
    positions of weights from a file are interpolated where timm knows how.

    Args:
        name: as timm calls it, with or without a tag: ``vit_small_patch16_224``,
            ``vit_small_patch16_224.dino``. The tag decides by which statistics images are
            normalised.
        pretrained: load timm's weights, downloading them once.
        size: (height, width) of the images; the network's own by default.
        weights: state dict in the names of timm or of the network's authors; the classifier's are
            left out.
        source: the file of the weights and the name, for messages.

    Raises:
        FileNotFoundError: the weights are not on disk and cannot be downloaded.
        ImportError: timm is not installed.
        ValueError: an unknown network, images that it cannot read, or weights that do not fit.
    """
    timm = _timm()
    about = _about(timm, name)
    height, width = size or about.input_size[1:]
    options: dict[str, Any] = {"num_classes": 0, **({"img_size": (height, width)} if about.fixed_input_size else {})}
    try:
        net = timm.create_model(name, **options)
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        raise ValueError(
            f"timm:{name} cannot be built for images of {height} x {width} pixels ({one_line(error)})"
        ) from error
    _check_patches(net, name, (height, width))
    pooled = Pooled(net, f"timm:{name}", (height, width), about.mean, about.std)
    if pretrained:
        try:
            pooled.net = timm.create_model(name, pretrained=True, **options)
        except Exception as error:  # whatever the network and the hub's client raise
            raise FileNotFoundError(
                f"weights of timm:{name} are not on disk and could not be downloaded ({one_line(error)}); "
                "train from scratch with pretrained=False, or give a file of weights "
                "(--weights)"
            ) from error
    if weights is not None:
        heads = (about.classifier,) if isinstance(about.classifier, str) else tuple(about.classifier or ())
        load_whole(net, _renamed(net, weights), source, leave_out=heads)
    return pooled


def check_timm(name: str) -> None:
    """Make sure that timm is installed and has a network of this name.

    Raises:
        ImportError: timm is not installed.
        ValueError: it has none.
    """
    _about(_timm(), name)


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise ImportError('networks of timm need timm: pip install "rbcl-lite[timm]"') from error
    return timm


def _about(timm: ModuleType, name: str) -> Any:
    """What timm knows of a network: input size, statistics, name of the classifier."""
    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), 4)
        hint = f"; did you mean {', '.join(close)}?" if close else "; timm.list_models() names them"
        raise ValueError(f"unknown backbone 'timm:{name}': timm {timm.__version__} has no such network{hint}")
    try:
        return timm.models.get_pretrained_cfg(name)
    except RuntimeError as error:
        raise ValueError(f"unknown backbone 'timm:{name}': {one_line(error)}") from error


def _check_patches(net: nn.Module, name: str, size: tuple[int, int]) -> None:
    """Raise ValueError where patches do not cover the image: the rest would be cut off without a word."""
    patch = getattr(getattr(net, "patch_embed", None), "patch_size", None)
    if patch is None:
        return
    sides = (patch, patch) if isinstance(patch, int) else tuple(patch)
    if any(side % p for side, p in zip(size, sides)):
        nearest = [max(round(side / p), 1) * p for side, p in zip(size, sides)]
        raise ValueError(
            f"timm:{name} reads patches of {sides[0]} x {sides[1]} pixels, which do not fit into images of "
            f"{size[0]} x {size[1]}; the nearest size that fits is {nearest[0]} x {nearest[1]}"
        )


def _renamed(net: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The weights in timm's names and shapes, by the converter that stands beside the network if there is one."""
    convert = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    return weights if convert is None else convert(dict(weights), net)
