"""The system that is upgraded, drawn: camera, crop, model, vector, store, query, list."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from rbcl_lite.plots.style import COMPATIBLE, INK, OLD, RIGHT, WRONG, bare, style

LEFT, RIGHT_LANE = 2.3, 7.7
ROWS = {"camera": 11.4, "crop": 9.5, "model": 7.4, "vector": 5.3, "store": 3.2}


def system_diagram(*, width: float = 4.8) -> Figure:
    """The way of an image into the store and of a query to its list; the upgrade changes one box.

    Narrow and tall, so that its words are as large on a phone as beside the text.

    Args:
        width: inches.
    """
    with style():
        figure, ax = plt.subplots(figsize=(width, 1.34 * width))
        bare(ax).set(xlim=(0, 10), ylim=(-0.9, 13.2), aspect="equal")
        for x, name, when in (
            (LEFT, "the store", "every image, for years"),
            (RIGHT_LANE, "the query", "one image, today"),
        ):
            ax.text(x, 12.85, name, ha="center", weight="bold", size=12)
            ax.text(x, 12.3, when, ha="center", size=9.5)
        for x, colour, made in ((LEFT, OLD, "old"), (RIGHT_LANE, COMPATIBLE, "new")):
            _camera(ax, x, ROWS["camera"])
            _person(ax, x, ROWS["crop"], 1.0, INK)
            _model(ax, x, ROWS["model"], colour, f"{made} model")
            _vector(ax, x, ROWS["vector"], colour)
            for upper, lower, reach in (("camera", "crop", 0.75), ("crop", "model", 0.85), ("model", "vector", 0.75)):
                _arrow(ax, (x, ROWS[upper] - reach), (x, ROWS[lower] + (0.45 if lower == "vector" else 0.8)))
            for row, word in (("camera", "camera"), ("crop", "crop"), ("vector", "vector")):
                away = -1 if x == LEFT else 1
                ax.text(x + 1.25 * away, ROWS[row], word, ha="right" if away < 0 else "left", va="center")
        _upgrade(ax)
        _store(ax)
        _arrow(ax, (LEFT, ROWS["vector"] - 0.45), (LEFT, ROWS["store"] + 0.95))
        _arrow(ax, (RIGHT_LANE, ROWS["vector"] - 0.45), (RIGHT_LANE, ROWS["store"] + 0.6))
        _arrow(ax, (LEFT + 1.85, ROWS["store"]), (RIGHT_LANE - 1.6, ROWS["store"]))
        _box(ax, RIGHT_LANE, ROWS["store"], 3.0, 1.1, INK)
        ax.text(RIGHT_LANE, ROWS["store"], "compare", ha="center", va="center")
        _arrow(ax, (RIGHT_LANE, ROWS["store"] - 0.6), (RIGHT_LANE, 1.55))
        _list(ax)
        return figure


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=INK, lw=1.4, shrinkA=0, shrinkB=0)
    )


def _box(ax: Axes, x: float, y: float, width: float, height: float, colour: str, dashed: bool = False) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.25",
            fill=False, ec=colour, lw=1.8 if dashed else 1.4, ls=(0, (4, 3)) if dashed else "-",
        )
    )  # fmt: skip


def _camera(ax: Axes, x: float, y: float) -> None:
    _box(ax, x - 0.15, y, 1.3, 0.85, INK)
    ax.add_patch(
        Polygon([(x + 0.5, y), (x + 1.0, y + 0.35), (x + 1.0, y - 0.35)], closed=True, fc="none", ec=INK, lw=1.4)
    )
    ax.add_patch(Circle((x - 0.15, y), 0.2, fc=INK, ec="none"))


def _person(ax: Axes, x: float, y: float, size: float, colour: str, frame: str | None = None) -> None:
    ax.add_patch(Rectangle((x - 0.4 * size, y - 0.75 * size), 0.8 * size, 1.5 * size, fill=False, ec=frame or INK,
                           lw=2.2 if frame else 1.4))  # fmt: skip
    ax.add_patch(Circle((x, y + 0.42 * size), 0.16 * size, fc=colour, ec="none"))
    body = [(-0.2, 0.2), (0.2, 0.2), (0.13, -0.6), (0.02, -0.6), (0, -0.15), (-0.02, -0.6), (-0.13, -0.6)]
    ax.add_patch(Polygon([(x + size * a, y + size * b) for a, b in body], closed=True, fc=colour, ec="none"))


def _model(ax: Axes, x: float, y: float, colour: str, name: str) -> None:
    corners = [(x - 1.35, y + 0.75), (x + 1.35, y + 0.75), (x + 0.95, y - 0.75), (x - 0.95, y - 0.75)]
    ax.add_patch(Polygon(corners, closed=True, fc=colour, ec="none"))
    ax.text(x, y, name.replace(" ", "\n"), ha="center", va="center", color="white", weight="bold")


def _vector(ax: Axes, x: float, y: float, colour: str, size: float = 0.36, shades: str = "9364") -> None:
    for i, shade in enumerate(shades):
        left = x + (i - len(shades) / 2) * size
        ax.add_patch(Rectangle((left, y - size / 2), size, size, fc=colour, alpha=int(shade) / 9, ec="none"))
        ax.add_patch(Rectangle((left, y - size / 2), size, size, fill=False, ec=colour, lw=1))


def _upgrade(ax: Axes) -> None:
    """Round the one thing that changes."""
    _box(ax, RIGHT_LANE, ROWS["model"], 3.4, 1.95, COMPATIBLE, dashed=True)
    ax.text(5.0, ROWS["model"] + 0.25, "the\nupgrade", ha="center", va="bottom", color=COMPATIBLE, weight="bold")
    _arrow(ax, (LEFT + 1.5, ROWS["model"] - 0.1), (RIGHT_LANE - 1.8, ROWS["model"] - 0.1))


def _store(ax: Axes) -> None:
    _box(ax, LEFT, ROWS["store"], 3.6, 1.75, OLD)
    for line, shades in enumerate(("4739", "9264", "2895")):
        for column in (-0.85, 0.85):
            _vector(
                ax, LEFT + column, ROWS["store"] + 0.5 * (1 - line), OLD, 0.33, shades if column < 0 else shades[::-1]
            )
    ax.text(LEFT, ROWS["store"] - 1.05, "the store\nstays old", ha="center", va="top")


def _list(ax: Axes) -> None:
    for rank, frame in enumerate((RIGHT, RIGHT, WRONG, RIGHT)):
        x = 4.85 + 1.2 * rank
        _person(ax, x, 0.6, 1.05, OLD, frame)
        ax.text(x, -0.42, str(rank + 1), ha="center", va="top")
    ax.text(4.2, 0.6, "list", ha="right", va="center")
