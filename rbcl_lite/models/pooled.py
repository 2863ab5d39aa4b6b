"""Pooled network: one that turns images into one vector each by itself, made for another purpose."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet statistics, as torchvision's weights expect


class Pooled(nn.Module):
    """A network without its classifier, pooling as it does: by a mean, a class token or otherwise.

    Args:
        net: from images [B, 3, H, W] to vectors [B, K].
        name: of the network, for messages.
        size: (height, width) of the images.
        mean, std: of each colour, as the network was trained.

    Raises:
        ValueError: a network that cannot read images of this size, or gives no vector for each.
    """

    def __init__(
        self,
        net: nn.Module,
        name: str,
        size: tuple[int, int],
        mean: tuple[float, ...] = MEAN,
        std: tuple[float, ...] = STD,
    ) -> None:
        super().__init__()
        self.net, self.mean, self.std = net, mean, std
        self.channels = _try(net, name, size)

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] -> [B, K]."""
        return self.net(images)


def _try(net: nn.Module, name: str, size: tuple[int, int]) -> int:
    """Number of coordinates K that the network gives for an image of this size."""
    training = net.training
    shown = f"{name} cannot read images of {size[0]} x {size[1]} pixels"
    try:
        with torch.no_grad():
            out = net.eval()(torch.zeros(1, 3, *size))
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        raise ValueError(f"{shown} ({one_line(error)}); choose another size (--height) or network") from error
    net.train(training)
    if not isinstance(out, Tensor) or out.ndim != 2 or out.shape[0] != 1:
        got = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise ValueError(f"{name} gives {got} for an image instead of one vector; choose another network")
    return int(out.shape[1])


def one_line(error: Exception) -> str:
    """What an error of somebody else's code says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
