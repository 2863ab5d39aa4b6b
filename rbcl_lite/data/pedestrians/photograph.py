"""What a camera does to a picture: exposure, colour, optics, grain."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def make_grain(height: int, device: torch.device) -> Tensor:
    """[2 height, 2 height, 3] unit noise of a compressed video: mostly grey, a little smooth."""
    noise = (
        np.random.Generator(np.random.Philox(key=[5, 5])).normal(0, 1, (4, 2 * height, 2 * height)).astype(np.float32)
    )
    noise = (noise[:1] * 0.8 + noise[1:] * 0.4) * 0.75
    noise = (noise + 0.6 * np.roll(noise, 1, 1) + 0.6 * np.roll(noise, 1, 2)) / 1.2
    return torch.from_numpy(np.ascontiguousarray(noise.transpose(1, 2, 0))).to(device)


def windows(
    source: Tensor, row: Tensor, column: Tensor, height: int, width: int, layer: Tensor | None = None
) -> Tensor:
    """Cut B windows out of an image or a stack of images.

    Args:
        source: [R, C, 3], or [L, R, C, 3] with ``layer``.
        row, column: [B] integers, upper left corners.
        height, width: of the windows.
        layer: [B] integers, which image of the stack.

    Returns:
        [B, 3, height, width].
    """
    rows = (row[:, None] + torch.arange(height, device=source.device))[:, :, None]
    columns = (column[:, None] + torch.arange(width, device=source.device))[:, None, :]
    picked = source[rows, columns] if layer is None else source[layer[:, None, None], rows, columns]
    return picked.permute(0, 3, 1, 2).contiguous()


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
        photo: gain [B, 3]; gamma, contrast, saturation, haze, vignette, noise, blur, low_resolution, motion [B].
        grain: [B, 3, H, W] unit noise.

    Returns:
        [B, 3, H, W] in 0..1.
    """
    value = {name: x.view(-1, 1, 1, 1) for name, x in photo.items() if name != "gain"}
    picture = _colours(picture * photo["gain"][:, :, None, None], value)
    return (_optics(picture, value) + grain * value["noise"]).clamp_(0, 1)


def _colours(x: Tensor, value: dict[str, Tensor]) -> Tensor:
    """Saturation, gamma, contrast around a middle grey, haze, and a vignette."""
    grey = x.mean(1, keepdim=True)
    x = torch.lerp(grey, x, value["saturation"]).clamp_(1e-3, 1).pow(value["gamma"])
    x = (x - 0.45) * value["contrast"] + 0.45
    x = torch.lerp(x, torch.full_like(x, 0.75), value["haze"])
    across = torch.linspace(-1, 1, x.shape[3], device=x.device)
    down = torch.linspace(-1, 1, x.shape[2], device=x.device)[:, None]
    return x * (1 - value["vignette"] * (across**2 + down**2) * 0.5)


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
