"""Augmentation of a batch, drawn for each image: flip, pad and crop, colour, erasing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import send

DRAWS = 10  # numbers per image: 0 flip, 1-2 crop, 3 brightness, 4 contrast, 5 whether to erase, 6-9 where


@dataclass(frozen=True)
class Augment:
    """The usual re-ID augmentation (Luo et al. 2019), on the whole batch at once and on its device.

    torchvision's transform classes draw once per call, so a batch would share one flip and one
    crop. Here every image has ten numbers of its own, the same on every device and whatever is
    turned off, and after them the noise of the erased pixels is drawn. Flip and crop are one gather
    of the padded pixels, before uint8 becomes float.

    Args:
        flip: probability of a horizontal flip.
        pad: pixels of padding per 64 rows of the picture, cropped back at a random place.
        colour: half width of the factors of brightness and contrast; contrast turns about the
            image's mean.
        erase: probability of erasing a rectangle (Zhong et al. 2020) of 2 to 25 % of the area with
            noise.

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
            [B, 3, H, W] float32 in 0..1, channels last, on the device of ``images``.

        Raises:
            ValueError: images of another shape, or of whole numbers other than uint8.
        """
        _check(images)
        draw = send(torch.rand(len(images), DRAWS, generator=generator), images.device)
        pixels = images.permute(0, 2, 3, 1)
        pad = self.pad * images.shape[2] // 64
        if self.flip or pad:
            pixels = flip_and_crop(pixels, draw[:, 0] < self.flip, draw[:, 1:3], pad)
        x = pixels.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        levels = 1.0 if images.is_floating_point() else 255.0
        if self.colour:
            brightness, contrast = (1 + self.colour * (2 * draw[:, 3:5] - 1)).T[:, :, None, None, None]
            brightness = brightness / levels
            grey = x.mean((1, 2, 3), keepdim=True) * brightness
            x.mul_(brightness * contrast).add_(grey * (1 - contrast)).clamp_(0, 1)
        elif levels != 1:
            x.div_(levels)
        if self.erase:
            place = torch.where((draw[:, 5] < self.erase)[:, None], rectangles(draw[:, 6:], x.shape[1], x.shape[2]), 0)
            x = fill_with_noise(x, inside(place, x.shape[1], x.shape[2]), generator)
        return x.permute(0, 3, 1, 2)


def unchanged(images: Tensor, generator: torch.Generator) -> Tensor:
    """No augmentation: for inputs that are no images, such as stored vectors, which only need their
    own type.

    Args:
        images: [B, ...] anything.
        generator: not used.

    Returns:
        ``images`` itself.

    >>> unchanged(torch.ones(2, 5), torch.Generator()).shape
    torch.Size([2, 5])
    """
    return images


def flip_and_crop(pixels: Tensor, flipped: Tensor, corner: Tensor, pad: int) -> Tensor:
    """Flip some images, surround all with ``pad`` black pixels, and cut them back to their size.

    Args:
        pixels: [B, H, W, C].
        flipped: [B] bool, on the same device.
        corner: [B, 2] in 0..1, on the same device: row and column of the cut, as a share of the places that
            there are.
        pad: pixels on each side, 0 or more.

    Returns:
        [B, H, W, C] of the type of ``pixels``, contiguous.

    >>> x = torch.arange(3).view(1, 1, 3, 1)
    >>> flip_and_crop(x, torch.tensor([True]), torch.zeros(1, 2), 0).flatten().tolist()
    [2, 1, 0]
    """
    batch, height, width, channels = pixels.shape
    tall, wide = height + 2 * pad, width + 2 * pad
    top, left = (corner * (2 * pad + 1)).long().T
    place = torch.arange(max(batch, height, width), device=pixels.device)
    column = left[:, None] + place[:width]
    column = torch.where(flipped[:, None], wide - 1 - column, column)
    row = (place[:batch] * tall + top)[:, None] + place[:height]
    index = (row * wide)[:, :, None] + column[:, None, :]
    padded = F.pad(pixels, (0, 0, pad, pad, pad, pad)).reshape(-1, channels)
    return padded.index_select(0, index.flatten()).view(batch, height, width, channels)


def rectangles(draw: Tensor, height: int, width: int) -> Tensor:
    """Rectangles of 2 to 25 % of the area, log-uniform in height / width from 1/3.3 to 3.3,
    anywhere inside.

    Args:
        draw: [B, 4] in 0..1: area, aspect ratio, row and column.
        height, width: of the images. A rectangle stays one pixel smaller than they are.

    Returns:
        [B, 4] whole numbers: top, left, height, width.

    >>> rectangles(torch.tensor([[0.0, 0.5, 0.0, 0.0]]), 50, 50).tolist()
    [[0, 0, 7, 7]]
    """
    area, aspect, row, column = draw.double().T
    area = (0.02 + 0.23 * area) * height * width
    ratio = ((2 * aspect - 1) * math.log(3.3)).exp()
    h = (area * ratio).sqrt().round().clamp(max=height - 1)
    w = (area / ratio).sqrt().round().clamp(max=width - 1)
    return torch.stack([(row * (height - h + 1)).floor(), (column * (width - w + 1)).floor(), h, w], 1).long()


def inside(place: Tensor, height: int, width: int) -> Tensor:
    """Which pixels lie in the rectangle of each image.

    Args:
        place: [B, 4] whole numbers: top, left, height, width.
        height, width: of the images.

    Returns:
        [B, height, width] bool.

    >>> inside(torch.tensor([[0, 1, 1, 2]]), 2, 4).int().tolist()
    [[[0, 1, 1, 0], [0, 0, 0, 0]]]
    """
    top, left, h, w = place.T[:, :, None]
    row, column = (torch.arange(n, device=place.device) for n in (height, width))
    return ((row >= top) & (row < top + h))[:, :, None] & ((column >= left) & (column < left + w))[:, None, :]


def fill_with_noise(x: Tensor, erased: Tensor, generator: torch.Generator) -> Tensor:
    """Noise in the place of some pixels.

    Args:
        x: [B, H, W, 3] float; changed in place on a CPU.
        erased: [B, H, W] bool, on the same device.
        generator: a CPU generator. On a card the noise is drawn there, from a seed that it draws:
            other noise than on a CPU, and nothing waits for the number of pixels.

    Returns:
        [B, H, W, 3] float.
    """
    if x.is_cuda:
        seed = int(torch.randint(2**62, (), generator=generator))
        noise = torch.rand(x.shape, device=x.device, generator=torch.Generator(x.device).manual_seed(seed))
        return torch.where(erased[..., None], noise, x)
    rows = erased.flatten().nonzero()[:, 0]
    x.view(-1, 3)[rows] = torch.rand(len(rows), 3, generator=generator)
    return x


def _check(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(
            f"Augment needs images [B, 3, H, W], got {list(images.shape)}: give augment=unchanged for stored vectors"
        )
    if images.dtype != torch.uint8 and not images.is_floating_point():
        raise ValueError(f"Augment needs uint8, or float in 0..1, got {images.dtype}")
