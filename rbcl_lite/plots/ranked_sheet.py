"""Sheet of queries and what a gallery found for each, framed by right and wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor

from rbcl_lite.plots.contact_sheet import contact_sheet

FRAMES = {"right": "#3A9D4E", "wrong": "#C8453B", "unknown": "#939393"}
"""Colours of the frames; those of every ranked strip."""
_BLANK = 245


def ranked_sheet(
    queries: Sequence[np.ndarray],
    found: Sequence[Sequence[np.ndarray | None]],
    kinds: Sequence[Sequence[str]],
    *,
    size: tuple[int, int] = (128, 64),
    frame: int = 4,
) -> np.ndarray:
    """One row for each query: its picture, then the pictures that were found, best first.

    Args:
        queries: Q pictures [H, W, 3] uint8, of any size.
        found: for each query its pictures; None where there is none.
        kinds: for each picture ``right``, ``wrong`` or ``unknown``.
        size: (height, width) that each is brought to.
        frame: pixels of the frame.

    Returns:
        [H', W', 3] uint8.

    Raises:
        ValueError: no query, or lengths that differ.

    >>> crop = np.zeros((64, 32, 3), np.uint8)
    >>> ranked_sheet([crop], [[crop, None]], [["right", "wrong"]], size=(64, 32), frame=2).shape
    (70, 108, 3)
    """
    if not queries or not len(queries) == len(found) == len(kinds):
        raise ValueError(f"{len(queries)} queries, {len(found)} lists of pictures and {len(kinds)} of kinds")
    columns = max(map(len, found))
    grid = np.full((len(queries), columns + 1, *size, 3), _BLANK, np.uint8)
    for line, query, pictures, names in zip(grid, queries, found, kinds):
        line[0] = _fitted(query, size)
        for place, (picture, name) in enumerate(zip(pictures, names), start=1):
            if picture is not None:
                line[place] = _fitted(picture, size)
            colour = ImageColor.getrgb(FRAMES[name])
            for edge in (np.s_[:frame], np.s_[-frame:], np.s_[:, :frame], np.s_[:, -frame:]):
                line[place][edge] = colour
    return contact_sheet(grid)


def _fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BILINEAR))
