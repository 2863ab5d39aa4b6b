"""Obstacles in front of a person: a pole, a planter, a bush."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.data.pedestrians.moments import BUSH, POLE

_BOXES = (  # the colours of street furniture, RGB in 0..1: concrete, steel, dark green, wood, brick, anthracite
    (0.58, 0.57, 0.54),
    (0.46, 0.49, 0.53),
    (0.20, 0.29, 0.23),
    (0.45, 0.34, 0.24),
    (0.44, 0.28, 0.23),
    (0.22, 0.23, 0.25),
)


def add_obstacles(picture: Tensor, kind: Tensor, draws: Tensor, grain: Tensor) -> Tensor:
    """Paint one obstacle over each picture.

    Args:
        picture: [K, 3, H, W] in 0..1.
        kind: [K] POLE, BOX or BUSH.
        draws: [K, 5] in 0..1: height, place, width, tone, colour.
        grain: [K, 3, H, W] unit noise, for leaves.

    Returns:
        [K, 3, H, W].
    """
    height, width = picture.shape[2:]
    x = ((torch.arange(width, device=picture.device) + 0.5) / width - 0.5).view(1, 1, width)
    y = ((torch.arange(height, device=picture.device) + 0.5) / width).view(1, height, 1)
    high, place, wide, tone, colour = (draws[:, k].view(-1, 1, 1) for k in range(5))
    kind = kind.view(-1, 1, 1)

    across = (x - (place - 0.5) * 0.7) / (0.02 + 0.03 * high)
    pole = ((1 - across.abs()) * 0.035 * width + 0.5).clamp(0, 1).expand(-1, height, -1)
    pole_shade = (0.20 + 0.30 * wide) * (1.15 - 0.5 * across.abs().clamp(max=1))

    edge = 1.35 + 0.40 * high
    box = torch.minimum((y - edge) * width, ((0.28 + 0.3 * wide) - (x - (place - 0.5) * 1.2).abs()) * width)
    box = (box + 0.5).clamp(0, 1)
    box_shade = (0.75 + 0.4 * tone) * (1 - 0.25 * (y - edge).clamp(0, 1) + 0.18 * ((y - edge) < 0.045))

    radius = ((x - (place - 0.5)) / (0.2 + 0.2 * wide)) ** 2 + ((y - 2.05) / (0.35 + 0.4 * high)) ** 2
    leaves = grain[:, 0]
    bush = ((1 - radius + leaves * 0.12) * 8).clamp(0, 1)
    bush_shade = (0.75 + 0.5 * tone) * (1.15 - 0.4 * radius.clamp(max=1)) * (1 + 0.16 * leaves)

    alpha = torch.where(kind == POLE, pole, torch.where(kind == BUSH, bush, box))
    shade = torch.where(kind == POLE, pole_shade, torch.where(kind == BUSH, bush_shade, box_shade))
    boxes = torch.tensor(_BOXES, device=picture.device)
    furniture = boxes[(colour.flatten() * len(_BOXES)).long().clamp(max=len(_BOXES) - 1)]
    steel, green = (torch.tensor(c, device=picture.device) for c in ((1.0, 1.0, 1.05), (0.20, 0.33, 0.16)))
    rgb = torch.where(kind[:, 0] == POLE, steel, torch.where(kind[:, 0] == BUSH, green, furniture))
    paint = (shade.unsqueeze(1) * rgb[:, :, None, None]).clamp(0, 1)
    return torch.lerp(picture, paint, alpha.unsqueeze(1))
