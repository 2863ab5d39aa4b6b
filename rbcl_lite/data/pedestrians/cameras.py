"""The cameras of the three domains: where they look, and what they do to the picture."""

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


class Domain(NamedTuple):
    """A place with its cameras; ``season`` dresses its people, ``seed`` keeps its draws apart from other domains'."""

    season: str
    seed: int
    cameras: tuple[Camera, ...]


DOMAINS: dict[str, Domain] = {
    # a sunny campus: good cameras, summer clothes
    "campus": Domain(
        "summer",
        11,
        (
            Camera("plaza", FRONT, 0.10, (1.06, 1.02, 0.94), 1.0, 1.05, 1.0, 0.05, 0, 0.015, 0.8, horizon=0.42),
            Camera("grass", BACK, 0.16, (0.98, 1.04, 0.94), 1.05, 1.0, 0.95, 0.2, 0.1, 0.02, -0.7, horizon=0.36),
            Camera("brick", RIGHT, 0.14, (1.06, 0.99, 0.9), 0.95, 1.0, 0.9, 0.15, 0, 0.02, 0.3, horizon=0.5),
            Camera(
                "road",
                LEFT,
                0.2,
                (0.96, 1.0, 1.08),
                0.9,
                0.95,
                0.9,
                0.35,
                0.3,
                0.025,
                -0.5,
                horizon=0.34,
                occlusion=0.16,
            ),
            Camera(
                "park",
                FRONT + 0.7,
                0.12,
                (1.04, 1.04, 0.9),
                1.15,
                1.1,
                1.0,
                0.15,
                0.1,
                0.02,
                0.9,
                horizon=0.46,
                vignette=0.2,
            ),
            Camera(
                "plaza",
                BACK - 0.6,
                0.3,
                (0.92, 0.97, 1.06),
                0.8,
                0.85,
                0.85,
                0.4,
                0.55,
                0.03,
                0,
                horizon=0.2,
                haze=0.08,
            ),
        ),
    ),
    # an underground station in winter: poor light, coats, crowds
    "station": Domain(
        "winter",
        23,
        (
            Camera(
                "platform",
                FRONT,
                0.18,
                (0.92, 1.04, 0.98),
                1.1,
                0.95,
                0.75,
                0.35,
                0.3,
                0.03,
                0.1,
                horizon=0.36,
                crowd=0.35,
                occlusion=0.2,
            ),
            Camera("hall", BACK, 0.26, (0.88, 1.0, 1.1), 1.0, 0.9, 0.7, 0.3, 0.35, 0.04, -0.2, horizon=0.28, crowd=0.3),
            Camera(
                "corridor",
                RIGHT,
                0.12,
                (1.14, 1.02, 0.8),
                1.15,
                1.0,
                0.8,
                0.3,
                0.2,
                0.035,
                0.2,
                horizon=0.5,
                crowd=0.25,
                motion=0.5,
            ),
            Camera(
                "corridor",
                LEFT,
                0.2,
                (1.0, 1.06, 0.88),
                1.2,
                1.05,
                0.7,
                0.45,
                0.45,
                0.035,
                0,
                horizon=0.4,
                crowd=0.25,
                motion=0.4,
            ),
            Camera(
                "hall",
                FRONT - 0.5,
                0.36,
                (0.95, 0.98, 1.06),
                0.85,
                0.8,
                0.6,
                0.5,
                0.6,
                0.04,
                0.1,
                horizon=0.14,
                haze=0.1,
                crowd=0.3,
            ),
            Camera(
                "platform",
                BACK + 0.5,
                0.14,
                (0.98, 1.02, 0.96),
                1.25,
                1.1,
                0.7,
                0.4,
                0.3,
                0.04,
                -0.3,
                horizon=0.42,
                crowd=0.35,
                occlusion=0.2,
            ),
        ),
    ),
    # a shopping street in the evening: mixed clothes, shop windows, two cameras in the dark
    "street": Domain(
        "mixed",
        37,
        (
            Camera("shop", FRONT, 0.12, (1.1, 1.0, 0.88), 1.0, 1.1, 1.15, 0.1, 0.1, 0.03, 0.5, horizon=0.5, crowd=0.3),
            Camera(
                "night",
                BACK,
                0.16,
                (0.92, 0.95, 1.14),
                0.95,
                1.0,
                0.8,
                0.3,
                0.3,
                0.04,
                -0.6,
                horizon=0.42,
                vignette=0.3,
            ),
            Camera(
                "shop",
                RIGHT + 0.2,
                0.2,
                (1.04, 0.94, 1.08),
                1.1,
                1.0,
                1.1,
                0.2,
                0.2,
                0.03,
                0.3,
                horizon=0.42,
                crowd=0.3,
                occlusion=0.18,
            ),
            Camera(
                "road",
                LEFT - 0.2,
                0.24,
                (1.16, 0.96, 0.74),
                1.1,
                1.0,
                0.9,
                0.35,
                0.4,
                0.035,
                0.6,
                horizon=0.3,
                vignette=0.25,
            ),
            Camera("corridor", FRONT + 0.4, 0.1, (1.02, 1.02, 1.0), 0.85, 0.95, 1.0, 0.1, 0, 0.02, 0, horizon=0.52),
            Camera(
                "night",
                BACK - 0.4,
                0.3,
                (1.2, 1.0, 0.76),
                0.95,
                0.95,
                0.9,
                0.45,
                0.5,
                0.045,
                0.4,
                horizon=0.22,
                vignette=0.3,
            ),
        ),
    ),
}
