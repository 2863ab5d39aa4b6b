"""Brush that paints scenes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw


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
