"""Training augmentation, drawn for each image by itself: flip, pad and crop, brightness and contrast, erasing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as V


@dataclass(frozen=True)
class Augment:
    """The usual re-ID augmentation (Luo et al. 2019) with torchvision's v2 kernels.

    torchvision's transform classes draw once per call, so a batch would share one flip and one crop. Here
    every image has its own draw and the kernels still run on the whole batch where they can.

    Args:
        flip: probability of a horizontal flip.
        pad: pixels of padding per 64 rows of the picture, cropped back at a random place.
        colour: half width of the factors of brightness and contrast.
        erase: probability of erasing a rectangle (Zhong et al. 2020) of 2 to 25 % of the area with noise.

    >>> x = torch.zeros(2, 3, 64, 32, dtype=torch.uint8)
    >>> Augment()(x, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3, 64, 32])
    """

    flip: float = 0.5
    pad: int = 4
    colour: float = 0.2
    erase: float = 0.5

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment a batch.

        Args:
            images: [B, 3, H, W] uint8, or float in 0..1.
            generator: a CPU generator; the draws depend on nothing else.

        Returns:
            [B, 3, H, W] float32 in 0..1 on the device of ``images``.
        """
        x = V.to_dtype(images, torch.float32, scale=True)
        batch, _, height, width = x.shape
        draw = torch.rand(batch, 10, generator=generator)

        flipped = (draw[:, 0] < self.flip).to(x.device)
        x = torch.where(flipped[:, None, None, None], V.horizontal_flip(x), x)

        pad = self.pad * height // 64
        if pad:
            wide = V.pad(x, [pad])
            top, left = (draw[:, 1:3] * (2 * pad + 1)).long().T.tolist()
            x = torch.stack([w[:, t : t + height, s : s + width] for w, t, s in zip(wide, top, left)])

        if self.colour:
            factor = (1 + self.colour * (2 * draw[:, 3:5] - 1)).to(x.device)[:, :, None, None, None]
            x = x * factor[:, 0]
            grey = x.mean(dim=(1, 2, 3), keepdim=True)
            x = (grey + (x - grey) * factor[:, 1]).clamp(0, 1)

        for i in (draw[:, 5] < self.erase).nonzero()[:, 0].tolist():
            area = (0.02 + 0.23 * float(draw[i, 6])) * height * width
            ratio = math.exp((2 * float(draw[i, 7]) - 1) * math.log(3.3))
            h, w = min(height - 1, round(math.sqrt(area * ratio))), min(width - 1, round(math.sqrt(area / ratio)))
            t, s = int(float(draw[i, 8]) * (height - h + 1)), int(float(draw[i, 9]) * (width - w + 1))
            noise = torch.rand(3, h, w, generator=generator).to(x.device)
            x[i] = V.erase(x[i], t, s, h, w, noise)
        return x


def unchanged(images: Tensor, generator: torch.Generator) -> Tensor:
    """No augmentation."""
    return images
