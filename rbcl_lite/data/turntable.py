"""Turntable of one person: pictures for the eye, from all sides."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from rbcl_lite.data.pedestrians.drawing import draw_people
from rbcl_lite.data.world import World

BACKGROUND = 0.93  # light grey


@torch.no_grad()
def turntable(world: World, id: int, views: int = 12) -> NDArray[np.uint8]:
    """One person, walking, seen from ``views`` directions before a plain background.

    Args:
        world: where the person lives.
        id: who, 0 to ``world.identities - 1``.
        views: how many directions, evenly spread over the full turn, beginning with the front.

    Returns:
        [views, H, W, 3] uint8 RGB, 128 or 256 high (the world's height, at least 128).

    Raises:
        ValueError: a person who does not exist, or no views.

    >>> turntable(World("station", identities=5), 2, views=4).shape
    (4, 128, 64, 3)
    """
    if not 0 <= id < world.identities:
        raise ValueError(f"id {id} does not exist in {world!r}: allowed is 0 to {world.identities - 1}")
    if views < 1:
        raise ValueError(f"views must be at least 1, got {views}")
    turn = torch.arange(views) * (2 * math.pi / views)
    fixed = {
        "stride": 0.38,
        "arm_offset": 0.0,
        "arm_bend": 0.3,
        "pitch": 0.12,
        "magnification": 1.8,
        "x": 0.0,
        "foot": 1.93,
    }
    fixed.update(light=0.5, shadow=0.35)
    pose = {name: torch.full((views,), value) for name, value in fixed.items()}
    pose.update(yaw=turn, phase=turn * 1.5)
    traits = {name: torch.from_numpy(np.repeat(values[id : id + 1], views, 0)) for name, values in world.people.items()}
    traits, pose = ({name: value.to(world.device) for name, value in part.items()} for part in (traits, pose))
    rgba = draw_people(traits, pose, max(128, world.size[0]))
    picture = rgba[:, :3] + BACKGROUND * (1 - rgba[:, 3:])
    return (picture.clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
