"""Scenes: long painted strips of wall and floor, of which each image takes a window."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from rbcl_lite.data.pedestrians.brush import Brush
from rbcl_lite.data.pedestrians.draws import Floats
from rbcl_lite.data.pedestrians.scene_parts import PARTS, POLISHED, ROUGH

SCENE_HEIGHT, SCENE_WIDTH = 184, 640  # in units of a picture 128 high
_SMOOTH = 2  # painted this many times larger, then reduced

WALL_AND_FLOOR: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "plaza": ((196, 188, 172), (176, 170, 160)),
    "brick": ((142, 100, 84), (112, 110, 108)),
    "grass": ((78, 100, 66), (118, 138, 86)),
    "road": ((168, 172, 176), (92, 94, 98)),
    "park": ((132, 156, 120), (182, 164, 130)),
    "hall": ((206, 208, 204), (150, 152, 156)),
    "corridor": ((222, 214, 196), (168, 150, 130)),
    "platform": ((112, 122, 132), (128, 126, 122)),
    "shop": ((120, 96, 88), (186, 178, 168)),
    "night": ((56, 60, 82), (84, 86, 98)),
}


def smooth_noise(random: np.random.Generator, height: int, width: int, cells: int) -> Floats:
    """[height, width] noise in about 0..1 with ``cells`` bumps from top to bottom."""
    small = random.random((cells, max(2, cells * width // height))).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@lru_cache(maxsize=24)  # a function of its arguments only; worlds of one domain share their places
def paint_scene(style: str, seed: int, horizon: float, zoom: int = 1) -> Floats:
    """Paint one place.

    Args:
        style: a key of :data:`WALL_AND_FLOOR`.
        seed: of the place; another seed gives another place of the same style.
        horizon: where the floor begins, as a share of the height.
        zoom: 1 for pictures 128 high, 2 for 256.

    Returns:
        [184 · zoom, 640 · zoom, 3] RGB in 0..1, read-only.
    """
    random = np.random.Generator(np.random.Philox(key=[seed, 7]))
    unit = _SMOOTH * zoom
    width, height = SCENE_WIDTH * unit, SCENE_HEIGHT * unit
    image = Image.new("RGB", (width, height))
    wall, floor = (np.array(colour) + random.normal(0, 9, 3) for colour in WALL_AND_FLOOR[style])
    brush = Brush(ImageDraw.Draw(image), random, unit, width, height, int(height * horizon), wall, floor)
    brush.box(0, 0, width, brush.horizon, wall * 1.3 + 16 if style == "brick" else wall)
    brush.box(0, brush.horizon, width, height, floor)
    for part in PARTS[style]:
        part(brush)
    small = image.resize((SCENE_WIDTH * zoom, SCENE_HEIGHT * zoom), Image.Resampling.LANCZOS)
    scene = np.asarray(small).astype(np.float32) / 255
    rows, columns = scene.shape[:2]
    scene *= (0.86 + 0.28 * smooth_noise(random, rows, columns, 5))[..., None]
    grain = random.normal(0, 1, (rows, columns)).astype(np.float32)
    smooth = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, 1, (0, 1))) / 2
    scene += (smooth * (0.022 if style in ROUGH else 0.010))[..., None]
    if style in POLISHED:  # pools of light on the floor
        ramp = np.clip(np.linspace(-1, 1, rows), 0, 1).astype(np.float32)[:, None]
        scene += (ramp * 0.12 * smooth_noise(random, rows, columns, 3))[..., None]
    result = np.clip(scene, 0, 1).astype(np.float32)
    result.setflags(write=False)
    return result
