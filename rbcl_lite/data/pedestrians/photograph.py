"""Photograph: what a camera does to a picture: exposure, colour, optics, grain."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor


def make_grain(height: int, device: torch.device) -> Tensor:
    """[1, 3, 2 height, 2 height] unit noise of a compressed video: mostly grey, a little smooth."""
    random = np.random.Generator(np.random.Philox(key=[5, 5]))
    drawn = random.normal(0, 1, (4, 2 * height, 2 * height)).astype(np.float32)
    noise = (drawn[:1] * 0.8 + drawn[1:] * 0.4) * 0.75
    smooth = (noise + 0.6 * np.roll(noise, 1, 1) + 0.6 * np.roll(noise, 1, 2)) / 1.2
    return torch.from_numpy(smooth.astype(np.float32)).to(device).unsqueeze(0)


def windows(layers: Tensor, layer: ArrayLike, row: ArrayLike, column: ArrayLike, height: int) -> Tensor:
    """Cut B windows, twice as high as wide, out of a stack of images.

    Args:
        layers: [L, 3, R, C].
        layer: [B] whole numbers, which image of the stack.
        row, column: [B] whole numbers, upper left corners.
        height: of the windows.

    Returns:
        [B, 3, height, height / 2].
    """
    corners = zip(np.asarray(layer).tolist(), np.asarray(row).tolist(), np.asarray(column).tolist())
    return torch.stack([layers[k, :, r : r + height, c : c + height // 2] for k, r, c in corners])


def _soften(x: Tensor, dim: int, step: int) -> Tensor:
    """The weights 1 2 1 over 4 along one axis; the borders keep their values."""
    inner = x.shape[dim] - 2 * step
    out = x.clone()
    middle = out.narrow(dim, step, inner)
    middle.mul_(0.5).add_(x.narrow(dim, 0, inner), alpha=0.25).add_(x.narrow(dim, 2 * step, inner), alpha=0.25)
    return out


def photograph(picture: Tensor, photo: dict[str, Tensor], grain: Tensor) -> Tensor:
    """Expose, colour, blur and grain B pictures.

    Args:
        picture: [B, 3, H, W] in 0..1, H a multiple of 128.
        photo: gain [B, 3]; gamma, contrast, saturation, haze, vignette, noise, blur,
            low_resolution, motion [B].
        grain: [B, 3, H, W] unit noise.

    Returns:
        [B, 3, H, W] in 0..1.
    """
    value = {name: x.view(-1, 1, 1, 1) for name, x in photo.items() if name != "gain"}
    picture = _colours(picture * photo["gain"][:, :, None, None], value)
    return _optics(picture, value).addcmul_(grain, value["noise"]).clamp_(0, 1)


def _colours(x: Tensor, value: dict[str, Tensor]) -> Tensor:
    """Saturation, gamma, contrast around a middle grey, haze, and a vignette."""
    grey = x.mean(1, keepdim=True)
    x = torch.lerp(grey, x, value["saturation"]).clamp_(1e-3, 1).pow_(value["gamma"])
    # contrast and haze are one straight line: slope · x + offset
    clear = 1 - value["haze"]
    slope, offset = value["contrast"] * clear, 0.45 * (1 - value["contrast"]) * clear + 0.75 * value["haze"]
    across = torch.linspace(-1, 1, x.shape[3], device=x.device)
    down = torch.linspace(-1, 1, x.shape[2], device=x.device)[:, None]
    vignette = 1 - value["vignette"] * (across**2 + down**2) * 0.5
    return x.mul_(slope).add_(offset).mul_(vignette)


def _optics(x: Tensor, value: dict[str, Tensor]) -> Tensor:
    """Mix in a soft, a coarse and a smeared version of the picture, each only where it is wanted."""
    height, width = x.shape[2:]
    zoom = height // 128
    soft = _soften(_soften(x, 2, zoom), 3, zoom)
    if zoom > 1:
        soft = _soften(_soften(soft, 2, 1), 3, 1)
    x = torch.lerp(x, soft, value["blur"])
    coarse = (value["low_resolution"].flatten() > 0.02).nonzero().flatten()
    if len(coarse):
        few = soft[coarse][:, :, zoom :: 3 * zoom, zoom :: 3 * zoom]
        few = F.interpolate(few, (height, width), mode="bilinear")
        x[coarse] = torch.lerp(x[coarse], few, value["low_resolution"][coarse])
    smeared = (value["motion"].flatten() > 0.05).nonzero().flatten()
    if len(smeared):
        sharp = x[smeared]
        moved = _soften(_soften(sharp, 3, zoom), 3, 2 * zoom)
        x[smeared] = torch.lerp(sharp, moved, value["motion"][smeared])
    return x
