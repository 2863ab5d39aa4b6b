"""Moments: what changes from image to image of one person: pose, light, company, quality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbcl_lite.data.pedestrians.domains import Domain
from rbcl_lite.data.pedestrians.draws import Draws, Floats

NOBODY, BEHIND, IN_FRONT = range(3)
NOTHING, POLE, BOX, BUSH = range(4)
CROWD_SIZE = 256  # passers-by of a domain


@dataclass
class Moments:
    """Everything about N images besides who is in them.

    Attributes:
        pose: arrays [N], see :class:`~rbcl_lite.data.pedestrians.figure.Figure`.
        company: [N] NOBODY, BEHIND or IN_FRONT; ``company_id`` [N] and ``company_pose`` say who and
            how.
        obstacle: [N] NOTHING, POLE, BOX or BUSH, ``obstacle_draws`` [N, 5] in 0..1 its place, size
            and colour.
        photo: arrays [N] or [N, 3], see :func:`~rbcl_lite.data.pedestrians.photograph.photograph`.
        window: [N, 2] in 0..1, row and column of the background; ``grain`` [N, 2] the same for the
            noise.
    """

    pose: dict[str, Floats]
    company: NDArray[np.int64]
    company_id: NDArray[np.int64]
    company_pose: dict[str, Floats]
    obstacle: NDArray[np.int64]
    obstacle_draws: Floats
    photo: dict[str, Floats]
    window: Floats
    grain: Floats


def draw_moments(domain: Domain, seed: int, ids: NDArray[Any], cams: NDArray[Any], indices: NDArray[Any]) -> Moments:
    """The moments of N images; each depends on its own (domain, seed, id, camera, index) only.

    Args:
        domain: place and cameras.
        seed: of the world.
        ids, cams, indices: [N] integers.
    """
    now = Draws(domain.seed, seed, ids, cams, indices)
    walk = Draws(domain.seed, seed, ids, cams, -1)  # one walk past one camera: shared by all its images
    camera = {
        field: np.array([getattr(c, field) for c in domain.cameras], np.float32)[cams]
        for field in domain.cameras[0]._fields
        if field != "style"
    }
    pose = _pose(now, walk, camera)
    front = now.chance("in front", camera["occlusion"] * 0.5)
    behind = now.chance("behind", camera["crowd"]) & ~front
    blocked = now.chance("obstacle", camera["occlusion"] * 0.5)
    return Moments(
        pose=pose,
        company=np.select([front, behind], [IN_FRONT, BEHIND], NOBODY),
        company_id=np.floor(now.uniform("who", 0, CROWD_SIZE)).astype(np.int64) % CROWD_SIZE,
        company_pose=_company_pose(now, camera, pose, front),
        obstacle=np.where(blocked, POLE + now.choice("kind of obstacle", [1, 1, 1]), NOTHING),
        obstacle_draws=np.stack([now.uniform(f"obstacle {k}") for k in range(5)], 1),
        photo=_photo(now, walk, camera),
        window=np.stack([now.uniform("row"), now.uniform("column")], 1),
        grain=np.stack([now.uniform("grain row"), now.uniform("grain column")], 1),
    )


def _pose(now: Draws, walk: Draws, camera: dict[str, Floats]) -> dict[str, Floats]:
    """Direction, gait and place of the person in the crop."""
    back = np.where(walk.chance("with the flow", camera["flow"]), 0, math.pi)
    direction = camera["yaw"] + back + walk.around("direction", 1) * camera["spread"]
    standing = now.chance("standing", 0.15)
    carries = walk.chance("bent arms", 0.15)
    jitter = camera["jitter"]
    pose = {
        "yaw": direction + now.around("turn", 0.22),
        "phase": now.uniform("phase", 0, 2 * math.pi),
        "stride": np.where(standing, 0.04, walk.uniform("stride", 0.26, 0.50)),
        "arm_offset": now.around("arm offset", 0.12),
        "arm_bend": np.where(carries, 1.6, now.uniform("arm bend", 0, 0.5)),
        "pitch": camera["pitch"] + walk.around("pitch", 0.03),
        # the name of a draw decides its numbers: this one keeps its first
        "magnification": 1.83 * camera["size"] / 0.88 * (1 + now.around("scale", 1.6) * jitter),
        "x": now.around("x", 0.05) + now.around("crop x", 1) * jitter,
        "foot": 1.945 + now.around("crop y", 0.9) * jitter,
        "light": camera["light"] + now.around("light", 0.25),
        "shadow": now.uniform("shadow", 0.25, 0.5),
    }
    return {name: np.asarray(value, dtype=np.float32) for name, value in pose.items()}


def _company_pose(
    now: Draws, camera: dict[str, Floats], pose: dict[str, Floats], front: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Another person, smaller and higher up behind, or larger and cut off in front."""
    side = np.where(now.chance("company side", 0.5), -1, 1)
    distance = now.uniform("company distance")
    back = np.where(now.chance("company with the flow", camera["flow"]), 0, math.pi)
    changed = {
        "x": side * (now.uniform("company x", 0.24, 0.44) + np.where(front, 0.04, -0.02)),
        "yaw": camera["yaw"] + back + now.around("company direction", 0.6),
        "phase": pose["phase"] + 2.1,
        "magnification": pose["magnification"] * np.where(front, 1.02 + 0.12 * distance, 0.62 + 0.3 * distance),
        "foot": pose["foot"] + np.where(front, 0.06 + 0.1 * distance, -0.28 + 0.2 * distance),
    }
    return {**pose, **{name: np.asarray(value, dtype=np.float32) for name, value in changed.items()}}


def _photo(now: Draws, walk: Draws, camera: dict[str, Floats]) -> dict[str, Floats]:
    """What the camera does to this image: its own character, the hour of the walk, and chance."""
    warm, green = walk.around("warmth", 0.05), walk.around("green cast", 0.05)
    cast = 1 + np.stack([warm, green, -warm], 1) + np.stack([now.around(f"cast {c}", 0.015) for c in "rgb"], 1)
    drift = 1 + now.around("drift", 0.06)
    exposure = 1 + walk.around("hour", 0.16) + now.around("exposure", 0.08)
    photo = {
        "gain": camera["gain"] * cast * exposure[:, None],
        **{name: camera[name] * drift for name in ("gamma", "contrast", "saturation", "haze", "vignette")},
        "noise": camera["noise"] * now.uniform("noise", 0.7, 1.3),
        "blur": np.clip(camera["blur"] * now.uniform("blur", 0.4, 1.6), 0, 1),
        "low_resolution": np.clip(camera["low_resolution"] * now.uniform("low resolution", 0.3, 1.7), 0, 1),
        "motion": np.clip(camera["motion"] * now.uniform("motion", 0, 1.4), 0, 1),
    }
    return {name: np.asarray(value, dtype=np.float32) for name, value in photo.items()}
