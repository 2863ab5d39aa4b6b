"""Palettes of skin, hair and clothes, and how often each season wears them."""

from __future__ import annotations

from typing import NamedTuple

RGB = tuple[int, int, int]
Palette = dict[RGB, float]

COLOURS: dict[str, RGB] = {
    "black": (28, 28, 32),
    "charcoal": (62, 63, 68),
    "grey": (128, 130, 133),
    "light": (190, 190, 188),
    "white": (238, 238, 234),
    "navy": (34, 44, 84),
    "blue": (48, 92, 170),
    "sky": (132, 178, 222),
    "teal": (28, 124, 128),
    "green": (52, 124, 66),
    "olive": (98, 100, 54),
    "khaki": (178, 158, 112),
    "beige": (218, 200, 168),
    "brown": (102, 68, 44),
    "camel": (176, 124, 70),
    "rust": (172, 82, 40),
    "orange": (232, 128, 40),
    "yellow": (238, 202, 64),
    "red": (192, 38, 44),
    "burgundy": (104, 24, 42),
    "pink": (232, 142, 164),
    "magenta": (190, 48, 120),
    "purple": (104, 60, 138),
    "lilac": (182, 160, 210),
    "mint": (164, 216, 188),
    "denim": (70, 98, 142),
    "lightdenim": (132, 158, 192),
    "darkdenim": (40, 54, 88),
}

SKIN: Palette = {
    (246, 214, 190): 0.22,
    (234, 192, 160): 0.26,
    (214, 166, 128): 0.20,
    (182, 130, 92): 0.14,
    (136, 92, 62): 0.10,
    (92, 60, 42): 0.08,
}
HAIR: Palette = {
    (26, 22, 22): 0.34,
    (54, 38, 28): 0.26,
    (98, 66, 40): 0.16,
    (186, 148, 88): 0.12,
    (150, 150, 150): 0.07,
    (140, 62, 34): 0.05,
}


def palette(weights: str) -> Palette:
    """Read ``"white 3, black 1.5"`` as a palette: names of :data:`COLOURS` with their weights.

    >>> palette("white 3, black 1.5")
    {(238, 238, 234): 3.0, (28, 28, 32): 1.5}
    """
    pairs = (item.split() for item in weights.split(","))
    return {COLOURS[name]: float(weight) for name, weight in pairs}


class Season(NamedTuple):
    """What people wear: ``cold`` from 0 (summer) to 1 (winter), and the colours of tops, bottoms
    and shoes.
    """

    cold: float
    top: Palette
    bottom: Palette
    shoe: Palette


SEASONS: dict[str, Season] = {
    "summer": Season(
        0.0,
        palette(
            "white 3, light 1, black 1.6, navy 1, blue 1.2, sky 1.2, red 1.1, pink .9, yellow .8, orange .6, green .8,"
            "mint .7, beige .9, grey 1, purple .5, teal .6, magenta .5, lilac .5"
        ),
        palette(
            "denim 2, lightdenim 1.4, khaki 1.4, beige 1, black 1.4, white .8, navy .8, grey .8, olive .6,"
            "darkdenim 1, pink .3, red .3"
        ),
        palette("white 3, black 1.5, brown 1, red .4, grey 1, blue .5"),
    ),
    "mixed": Season(
        0.5,
        palette(
            "white 1.4, light 1, grey 1.4, charcoal 1.2, black 2, navy 1.4, sky .9, blue .7, beige .8, camel .7,"
            "teal .5, red .5, pink .5, green .4, burgundy .5, rust .5"
        ),
        palette("black 2, charcoal 1.4, grey 1, navy 1.2, darkdenim 1.4, denim 1.2, beige .8, khaki .8"),
        palette("black 2.5, brown 1.5, white 1.4, grey .8"),
    ),
    "winter": Season(
        1.0,
        palette(
            "black 3.2, charcoal 2, navy 2, grey 1.2, brown 1, camel .9, olive 1, burgundy .8, rust .4, beige .6,"
            "green .4, red .5, blue .5, white .4, purple .3, yellow .25"
        ),
        palette("black 3, darkdenim 2, charcoal 1.5, denim 1.2, navy 1, grey .6, brown .5, khaki .3"),
        palette("black 3, brown 2, charcoal 1, white .6, camel .5"),
    ),
}
