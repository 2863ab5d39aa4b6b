"""The sheet of queries and hits."""

import numpy as np
import pytest
from PIL import ImageColor

from rbcl_lite.plots.ranked_sheet import FRAMES, ranked_sheet
from rbcl_lite.plots.style import JUNK, RIGHT, WRONG


def test_frames_have_the_colours_of_every_strip() -> None:
    assert FRAMES == {"right": RIGHT, "wrong": WRONG, "unknown": JUNK}


def test_each_picture_stands_in_its_place() -> None:
    crops = [np.full((10, 10, 3), v, np.uint8) for v in (10, 60, 110, 160)]
    sheet = ranked_sheet(
        crops[:2], [[crops[2], None], [crops[3]]], [["right", "wrong"], ["unknown"]], size=(40, 20), frame=4
    )
    assert sheet.shape == (2 * 43 + 3, 3 * 23 + 3, 3)
    middle = sheet[23::43, 13::23, 0]
    assert middle.tolist() == [[10, 110, 245], [60, 160, 245]]
    for place, kind in (((4, 28), "right"), ((4, 52), "wrong"), ((47, 28), "unknown")):
        assert tuple(sheet[place]) == ImageColor.getrgb(FRAMES[kind])
    assert sheet[4, 4, 0] == 10, "a query has no frame"


def test_lengths_that_differ() -> None:
    with pytest.raises(ValueError, match="0 queries"):
        ranked_sheet([], [], [])
