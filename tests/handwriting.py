"""A folder like Omniglot's: a few characters of a few strokes, each drawn by several hands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ALPHABETS = {"Hook": 5, "Loop": 5, "Wave": 4}
HANDS = 5


def write(root: Path, alphabets: dict[str, int] = ALPHABETS, hands: int = HANDS) -> Path:
    """The characters of some alphabets as ``ALPHABET/characterNN/NNNN_HH.png``, black on white."""
    number = 0
    for alphabet, count in alphabets.items():
        for i in range(1, count + 1):
            number += 1
            strokes = np.random.default_rng(number).uniform(4, 28, (3, 4))
            for hand in range(1, hands + 1):
                shaky = strokes + np.random.default_rng((number, hand)).normal(0, 1, strokes.shape)
                picture = Image.new("1", (32, 32), 1)
                for stroke in shaky.tolist():
                    ImageDraw.Draw(picture).line(stroke, fill=0, width=2)
                path = root / alphabet / f"character{i:02d}" / f"{number:04d}_{hand:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path)
    return root
