"""Clothing: top, bottom, shoes, hat, scarf, bag."""

from __future__ import annotations

import math

import numpy as np

from rbcl_lite.data.pedestrians.body import body_traits
from rbcl_lite.data.pedestrians.draws import Draws, Floats
from rbcl_lite.data.pedestrians.palettes import COLOURS, SEASONS, Season, palette

SOLID, HOOPS, STRIPES, CHECK, BLOCK, DOTS, YOKE = range(7)
PLAIN, CHEST_PRINT, BACK_PRINT, OPEN_JACKET = range(4)
SLEEVELESS, SHORT_SLEEVES, LONG_SLEEVES = range(3)
TROUSERS, SHORTS, SKIRT = range(3)
NO_BAG, BACKPACK, SHOULDER_BAG, HANDBAG = range(4)


def _by_cold(season: Season, summer: list[float], mixed: list[float], winter: list[float]) -> list[float]:
    """The weights for this season."""
    return [summer, mixed, winter][round(season.cold * 2)]


def _top(draws: Draws, season: Season) -> dict[str, object]:
    """Colours, pattern, print and cut of the upper garment.

    The pattern is a function of the height on the torso (0 collar, 1 belt) and of the angle around
    the body; it mixes the second colour in where ``base + hoops · sin(rows) + stripes ·
    sin(columns) + dots · product`` is positive.
    """
    pattern = draws.choice("pattern", [0.40, 0.13, 0.07, 0.08, 0.13, 0.11, 0.08])
    front = draws.choice(
        "front", _by_cold(season, [0.55, 0.30, 0.10, 0.05], [0.50, 0.15, 0.08, 0.27], [0.45, 0.06, 0.05, 0.44])
    )
    sleeves = draws.choice("sleeves", _by_cold(season, [0.14, 0.66, 0.20], [0.02, 0.38, 0.60], [0.0, 0.05, 0.95]))
    jacket = front == OPEN_JACKET
    short, long = draws.uniform("short sleeves", 0.55, 1.0), draws.uniform("long sleeves", 1.85, 1.97)
    edge = np.where(pattern == BLOCK, draws.uniform("block", 0.3, 0.7), draws.uniform("yoke", 0.2, 0.3))
    is_coat = draws.chance("coat", _by_cold(season, [0.0], [0.15], [0.42])) & (sleeves == LONG_SLEEVES)
    return {
        "top": draws.colour("top", season.top),
        "top2": draws.colour("second colour", season.top),
        "top3": draws.colour("print colour", season.top),
        "pattern_base": np.select(
            [pattern == CHECK, pattern == DOTS, np.isin(pattern, (HOOPS, STRIPES))], [0.35, -0.45, 0], -9
        ),
        "pattern_hoops": np.select([pattern == HOOPS, pattern == CHECK], [1.0, 0.7], 0),
        "pattern_stripes": np.select([pattern == STRIPES, pattern == CHECK], [1.0, 0.7], 0),
        "pattern_dots": pattern == DOTS,
        "pattern_rows": draws.uniform("pattern rows", 2.2, 5.5),
        "pattern_columns": 5 + draws.choice("pattern columns", [1] * 5),
        "block_edge": np.where(
            (pattern == BLOCK) | (pattern == YOKE), edge, 9
        ),  # second colour below, for a yoke above
        "yoke": pattern == YOKE,
        "print": front != PLAIN,
        "print_angle": np.where(front == BACK_PRINT, math.pi, 0),
        "print_width": np.where(jacket, draws.uniform("opening", 0.16, 0.42), draws.uniform("print width", 0.3, 0.6)),
        "print_height": np.where(jacket, 0.2, draws.uniform("print height", 0.28, 0.42)),
        "print_length": np.where(jacket, 1.2, draws.uniform("print length", 0.1, 0.2)),
        "sleeve": np.select([sleeves == SHORT_SLEEVES, sleeves == LONG_SLEEVES], [short, long], 0),  # 1 elbow, 2 wrist
        "sleeve_contrast": draws.chance("contrast sleeves", 0.14),
        "bulk": 1 + season.cold * 0.10 * (sleeves == LONG_SLEEVES) * draws.uniform("bulk"),
        "coat": is_coat * draws.uniform("coat length", 0.25, 1.0),
    }


def _bottom(draws: Draws, season: Season, top: object) -> dict[str, object]:
    """Trousers, shorts or skirt, legs and shoes."""
    kind = draws.choice("bottom", _by_cold(season, [0.46, 0.32, 0.22], [0.78, 0.06, 0.16], [0.90, 0.0, 0.10]))
    skirt = kind == SKIRT
    colour = draws.colour("bottom colour", season.bottom)
    dress = skirt & draws.chance("dress", 0.5)
    tights = skirt & draws.chance("tights", 0.25 + 0.7 * season.cold)
    long, short = draws.uniform("trouser hem", 1.72, 1.95), draws.uniform("short hem", 0.62, 1.0)
    tights_colour = np.array(COLOURS["black"]) / 255 * draws.uniform("tights shade", 0.9, 2.2)[:, None]
    boots = draws.chance("boots", 0.1 + 0.3 * season.cold)
    return {
        "bottom": np.where(dress[:, None], np.asarray(top), colour),
        "hem": np.select([kind == TROUSERS, kind == SHORTS], [long, short], 0),  # 1 knee, 2 ankle
        "skirt": skirt * draws.uniform("skirt length", 0.45, 1.35),
        "flare": draws.uniform("flare", 1.0, 1.75),
        "tights": tights,
        "tights_colour": tights_colour,
        "loose": np.where(kind == TROUSERS, draws.uniform("loose", 0.85, 1.3), 1),
        "shoe": draws.colour("shoe", season.shoe),
        "boot": np.where(boots, draws.uniform("boot height", 0.2, 0.5), 0.06),  # share of the shin
    }


def _extras(draws: Draws, season: Season) -> dict[str, object]:
    """Hat, scarf and bag."""
    hat = draws.choice("hat", _by_cold(season, [0.78, 0.20, 0.02], [0.84, 0.10, 0.06], [0.62, 0.06, 0.32]))
    bag = draws.choice("bag", [0.46, 0.27, 0.16, 0.11])
    leather = {**season.top, **palette("brown 1.2, camel .6, black 3")}
    return {
        "cap": hat == 1,
        "beanie": hat == 2,
        "hat": draws.colour("hat colour", season.top),
        "scarf": draws.chance("scarf", _by_cold(season, [0.01], [0.08], [0.34])),
        "scarf_colour": draws.colour("scarf colour", SEASONS["summer"].top),
        "backpack": bag == BACKPACK,
        "shoulder_bag": bag == SHOULDER_BAG,
        "handbag": bag == HANDBAG,
        "bag": draws.colour("bag colour", leather),
        "bag_size": draws.uniform("bag size", 0.8, 1.2),
        "bag_side": np.where(draws.chance("bag side", 0.5), 1, -1),
    }


def sample_people(count: int, season: str, seed: int) -> dict[str, Floats]:
    """The first ``count`` people of a season: body, clothes and bags.

    Args:
        count: how many.
        season: a key of :data:`~rbcl_lite.data.pedestrians.palettes.SEASONS`.
        seed: another seed gives other people.

    Returns:
        One array per trait with ``count`` rows: numbers [count], colours [count, 3] in 0..1. Row
        ``i`` depends on ``season``, ``seed`` and ``i`` only, so that more people never change the
        people there were.

    >>> few, many = sample_people(3, "winter", 0), sample_people(50, "winter", 0)
    >>> all((few[trait] == many[trait][:3]).all() for trait in few)
    True
    """
    draws, wear = Draws(seed, np.arange(count)), SEASONS[season]
    traits: dict[str, object] = {**body_traits(draws), **_top(draws, wear), **_extras(draws, wear)}
    traits.update(_bottom(draws, wear, traits["top"]))
    tights = np.asarray(traits.pop("tights"))[:, None]
    traits["legs"] = np.where(tights, np.asarray(traits.pop("tights_colour")), np.asarray(traits["skin"]))
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in traits.items()}
