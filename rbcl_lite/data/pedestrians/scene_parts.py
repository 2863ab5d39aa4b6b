"""Parts of scenes: bricks, houses, shop windows, trees, tiles, cars, bollards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rbcl_lite.data.pedestrians.brush import Brush, rgb


def bricks(b: Brush) -> None:
    """A brick wall."""
    wide, high = 14 * b.unit, 6 * b.unit
    for row, y in enumerate(range(0, b.horizon, high)):
        for x in range(-wide, b.width, wide):
            left = x + (row % 2) * wide // 2
            b.box(left, y, left + wide - b.unit, min(y + high - b.unit, b.horizon), b.wall + b.random.normal(0, 10))


def houses(b: Brush, lit: bool = False) -> None:
    """House fronts with rows of windows; ``lit`` from inside at night."""
    u, x = b.unit, b.whole(0, 40) * b.unit
    while x < b.width:
        wide = b.whole(18, 60) * u
        front = b.wall * b.random.uniform(0.75, 1.12)
        b.box(x, 0, x + wide, b.horizon - 1, front)
        glass = np.array([250, 214, 140]) if lit else front * 0.6 + np.array([20, 34, 52])
        for y in range(b.whole(2, 10) * u, b.horizon - 14 * u, 22 * u):
            for left in range(x + 4 * u, x + wide - 9 * u, 13 * u):
                if b.random.random() < (0.5 if lit else 0.9):
                    b.box(left, y, left + 7 * u, y + 13 * u, glass * b.random.uniform(0.7, 1.05))
        x += wide


def lit_houses(b: Brush) -> None:
    """House fronts at night."""
    houses(b, lit=True)


def shop_windows(b: Brush) -> None:
    """Bright windows full of goods below a sign."""
    u, x = b.unit, b.whole(0, 40) * b.unit
    while x < b.width:
        wide = b.whole(18, 60) * u
        b.box(x, 4 * u, x + wide - 3 * u, b.horizon, b.colour(60, 235) * 0.4 + 120)
        for _ in range(7):
            left, top = x + b.whole(1, wide // u - 8) * u, b.whole(8, b.horizon // u - 8) * u
            b.box(left, top, left + b.whole(3, 9) * u, top + b.whole(5, 18) * u, b.colour(30, 240))
        b.box(x, 0, x + wide - 3 * u, 5 * u, b.colour(30, 230))
        x += wide


def panels(b: Brush) -> None:
    """The wall of an indoor hall: panels, posters, pillars."""
    u, x = b.unit, b.whole(0, 40) * b.unit
    while x < b.width:
        wide = b.whole(18, 60) * u
        b.box(x, 0, x + wide, b.horizon, b.wall * b.random.uniform(0.9, 1.06))
        if b.random.random() < 0.45:
            left = x + b.whole(2, 8) * u
            bottom = min(b.horizon - 4 * u, b.whole(34, 66) * u)
            b.box(left, 6 * u, left + b.whole(10, 26) * u, bottom, b.colour(40, 235))
        if b.random.random() < 0.3:
            b.box(x, 0, x + 5 * u, b.horizon + 6 * u, b.wall * 0.62)
        x += wide


def trees(b: Brush) -> None:
    """Leaves in many greens, and trunks."""
    u = b.unit
    for _ in range(150):
        x, y, size = b.whole(0, b.width), b.whole(-10 * u, b.horizon), b.whole(6, 24) * u
        green = np.array([60, 96, 48]) * b.random.uniform(0.6, 1.35) + b.random.normal(0, 6, 3)
        b.draw.ellipse([x - size, y - size, x + size, y + size], fill=rgb(green))
    for _ in range(9):
        x = b.whole(0, b.width)
        b.box(x, 0, x + b.whole(3, 7) * u, b.horizon + 4 * u, np.array([86, 66, 48]) * b.random.uniform(0.7, 1.1))


def tiles(b: Brush) -> None:
    """Floor tiles that grow towards the camera."""
    deep, line = b.height - b.horizon, max(1, b.unit // 2)
    y, step = 0.0, 5.0 * b.unit
    while y < deep:
        b.draw.line([0, b.horizon + y, b.width, b.horizon + y], fill=rgb(b.floor * 0.88), width=line)
        y, step = y + step, step * 1.22
    for x in range(-b.width, 2 * b.width, 26 * b.unit):
        end = b.width // 2 + (x - b.width // 2) * 2.2
        b.draw.line([x, b.horizon, end, b.height], fill=rgb(b.floor * 0.88), width=line)


def safety_line(b: Brush) -> None:
    """The yellow line of a platform."""
    deep = b.height - b.horizon
    b.box(0, b.horizon + deep * 0.30, b.width, b.horizon + deep * 0.36, np.array([222, 186, 60]))


def roadway(b: Brush) -> None:
    """Kerb, lane marks and parked cars."""
    u = b.unit
    y = b.horizon + int((b.height - b.horizon) * b.random.uniform(0.35, 0.6))
    mark = rgb(b.floor * 0.5 + 108)
    for x in range(0, b.width, 46 * u):
        b.draw.polygon([(x, y), (x + 24 * u, y), (x + 21 * u, y + 4 * u), (x - 3 * u, y + 4 * u)], fill=mark)
    b.box(0, b.horizon, b.width, b.horizon + 5 * u, b.floor * 1.3)
    for _ in range(5):
        x, wide, high = b.whole(0, b.width), b.whole(52, 84) * u, b.whole(20, 28) * u
        ground = b.horizon + 8 * u
        b.box(x, ground - high * 0.62, x + wide, ground, b.colour(30, 220) * 0.6 + b.random.uniform(0, 90), 5 * u)
        b.box(x + wide * 0.2, ground - high, x + wide * 0.8, ground - high * 0.5, np.array([56.0, 66, 80]), 4 * u)
        for share in (0.2, 0.78):
            wheel = x + wide * share
            b.draw.ellipse([wheel - 5 * u, ground - 6 * u, wheel + 5 * u, ground + 4 * u], fill=(24, 24, 26))


def street_furniture(b: Brush) -> None:
    """Bollards and bicycles."""
    u = b.unit
    for _ in range(6):
        x, y = b.whole(0, b.width), b.horizon + b.whole(4, 18) * u
        if b.random.random() < 0.5:
            b.box(x, y - 30 * u, x + 7 * u, y, b.colour(30, 120), 2 * u)
            continue
        for wheel in (x, x + 22 * u):
            b.draw.ellipse([wheel, y - 16 * u, wheel + 16 * u, y], outline=(36, 36, 40), width=u)
        frame = [x + 8 * u, y - 8 * u, x + 20 * u, y - 20 * u, x + 30 * u, y - 8 * u]
        b.draw.line(frame, fill=rgb(b.colour(40, 220)), width=2 * u)


PARTS: dict[str, tuple[Callable[[Brush], None], ...]] = {
    "plaza": (houses, tiles, street_furniture),
    "brick": (bricks, street_furniture),
    "grass": (trees, street_furniture),
    "park": (trees, street_furniture),
    "road": (houses, roadway),
    "hall": (panels, tiles),
    "corridor": (panels, tiles),
    "platform": (panels, tiles, safety_line),
    "shop": (shop_windows, tiles),
    "night": (lit_houses, roadway),
}
ROUGH = ("grass", "park", "road")
POLISHED = ("hall", "corridor", "shop")
