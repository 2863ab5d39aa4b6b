"""Camera: where it looks, and what it does to the picture."""

from __future__ import annotations

import math
from typing import NamedTuple

FRONT, RIGHT, BACK, LEFT = 0.0, math.pi / 2, math.pi, -math.pi / 2  # which side of a person with the flow is seen


class Camera(NamedTuple):
    """One camera.

    Attributes:
        style: scene, a key of :data:`~rbcl_lite.data.pedestrians.scenes.WALL_AND_FLOOR`.
        yaw: of people who walk with the flow (radians).
        pitch: how far the camera looks down (radians).
        gain: factors on red, green, blue.
        gamma, contrast, saturation: of the picture; gamma above 1 darkens.
        blur, low_resolution, motion: 0..1, share of the softened, coarse and smeared picture.
        noise: standard deviation of the grain in 0..1.
        light: -1 from the left to 1 from the right.
        size: height of a person as a share of the picture.
        jitter: how badly the crop is placed.
        horizon: where the floor begins, as a share of the scene's height.
        occlusion: chance of something in front of the person.
        crowd: chance of another person behind.
        flow: share of the people who walk with the flow.
        spread: how much walking directions differ (radians).
        haze, vignette: 0..1.
    """

    style: str
    yaw: float
    pitch: float = 0.12
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    blur: float = 0.1
    low_resolution: float = 0.0
    noise: float = 0.016
    light: float = 0.4
    size: float = 0.88
    jitter: float = 0.05
    horizon: float = 0.45
    occlusion: float = 0.1
    crowd: float = 0.15
    flow: float = 0.75
    spread: float = 0.35
    haze: float = 0.0
    vignette: float = 0.1
    motion: float = 0.0
