"""Places: long painted strips of wall and floor, from which each image takes a random window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rbcl_lite.data.pedestrians.draws import Floats

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


@dataclass
class Brush:
    """What the painters of one scene share.

    Attributes:
        draw: Pillow's drawing context.
        random: the scene's own random stream.
        unit: pixels of the painting per pixel of a picture 128 high.
        width, height, horizon: of the painting, in its pixels.
        wall, floor: [3] RGB in 0..255.
    """

    draw: ImageDraw.ImageDraw
    random: np.random.Generator
    unit: int
    width: int
    height: int
    horizon: int
    wall: NDArray[np.float64]
    floor: NDArray[np.float64]

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high - 1``, or ``low`` where there is none."""
        return int(self.random.integers(low, max(low + 1, high)))

    def colour(self, low: float, high: float) -> NDArray[np.float64]:
        """[3] a random RGB."""
        return self.random.uniform(low, high, 3)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: NDArray[np.float64], corner: float = 0) -> None:
        """A filled rectangle, empty if its corners are the wrong way round."""
        if x1 > x0 and y1 > y0:
            self.draw.rounded_rectangle([x0, y0, x1, y1], corner, fill=rgb(colour))


def rgb(colour: NDArray[np.float64]) -> tuple[int, int, int]:
    """A colour for Pillow."""
    red, green, blue = (int(np.clip(c, 0, 255)) for c in colour)
    return red, green, blue


def smooth_noise(random: np.random.Generator, height: int, width: int, cells: int) -> Floats:
    """[height, width] noise in about 0..1 with ``cells`` bumps from top to bottom."""
    small = random.random((cells, max(2, cells * width // height))).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def paint_scene(style: str, seed: int, horizon: float, zoom: int = 1) -> Floats:
    """Paint one place.

    Args:
        style: a key of :data:`WALL_AND_FLOOR`.
        seed: of the place; another seed gives another place of the same style.
        horizon: where the floor begins, as a share of the height.
        zoom: 1 for pictures 128 high, 2 for 256.

    Returns:
        [184 · zoom, 640 · zoom, 3] RGB in 0..1.
    """
    from rbcl_lite.data.pedestrians.scene_parts import PARTS, POLISHED, ROUGH

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
    grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, 1, (0, 1))) / 2
    scene += (grain * (0.022 if style in ROUGH else 0.010))[..., None]
    if style in POLISHED:  # pools of light on the floor
        ramp = np.clip(np.linspace(-1, 1, rows), 0, 1).astype(np.float32)[:, None]
        scene += (ramp * 0.12 * smooth_noise(random, rows, columns, 3))[..., None]
    return np.clip(scene, 0, 1)
