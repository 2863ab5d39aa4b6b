"""Map of the methods: what each family ties a new vector to, one small drawing for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, INK, OLD, bare, style

OWN = (0.30, 0.50)
PERSON = [OWN, (0.16, 0.38), (0.14, 0.60), (0.32, 0.28)]
STRANGERS = [(0.78, 0.30), (0.90, 0.42), (0.74, 0.48), (0.90, 0.22)]
NEW = (0.56, 0.80)
MIDDLE = (0.23, 0.44)

FAMILIES = {
    "the whole space": ("rotation", "4"),
    "its own old vector": ("L2, Triplet,\nHot-Refresh", "4"),
    "one point of the person": ("BCT, UniBCT, LCE", "4"),
    "the person's old vectors": ("contrastive, NCCL", "4"),
    "a classifier of both": ("MixBCT", "5"),
    "the order of the store": ("Smooth-AP, SupAP,\nRBCL", "6 to 8"),
}
"""What a new vector is tied to: the methods that do so, and the chapter."""


def map_of_methods(*, width: float = 4.9) -> Figure:
    """Six drawings, two in a line: a new vector (coloured), old vectors (grey; circles are its
    person, squares another), and what ties them.

    Args:
        width: inches; narrow, so that its words are as large on a phone as beside the text.
    """
    draw = (_rotation, _own, _point, _vectors, _classifier, _order)
    with style():
        figure, axes = plt.subplots(3, 2, figsize=(width, 1.72 * width))
        for ax, (title, (methods, chapter)), panel in zip(axes.flat, FAMILIES.items(), draw):
            bare(ax).set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
            ax.set_title(title, loc="center", size=10.5, weight="bold")
            panel(ax)
            many = "s" if " to " in chapter else ""
            ax.set_xlabel(f"{methods}\n(chapter{many} {chapter})")
            for spine in ax.spines.values():
                spine.set(visible=True, alpha=0.4)
        return figure


def _dots(ax: Axes, places: Sequence[tuple[float, float]], **look: Any) -> None:
    ax.scatter([x for x, _ in places], [y for _, y in places], **look)


def _olds(ax: Axes, new: bool = True) -> None:
    _dots(ax, PERSON, s=52, color=OLD, zorder=3)
    _dots(ax, STRANGERS, s=48, marker="s", color=OLD, zorder=3)
    if new:
        _dots(ax, [NEW], s=95, color=COMPATIBLE, zorder=4)


def _line(ax: Axes, start: tuple[float, float], end: tuple[float, float], away: bool = False) -> None:
    """A pull, drawn through; or a push, dotted."""
    look: dict[str, Any] = {
        "color": INK if away else COMPATIBLE,
        "lw": 1.2 if away else 1.9,
        "ls": ":" if away else "-",
    }
    ax.plot([start[0], end[0]], [start[1], end[1]], zorder=2, **look)


def _bow(ax: Axes, start: tuple[float, float], end: tuple[float, float], bend: float, colour: str) -> None:
    """An arrow that bends."""
    curve = f"arc3,rad={bend}"
    arrow = FancyArrowPatch(
        start, end, connectionstyle=curve, arrowstyle="-|>", mutation_scale=12, lw=1.9, color=colour
    )
    ax.add_patch(arrow)


def _rotation(ax: Axes) -> None:
    _olds(ax, new=False)
    cloud = [(0.52, 0.84), (0.64, 0.90), (0.60, 0.74), (0.72, 0.80)]
    _dots(ax, cloud, s=52, color=INDEPENDENT, zorder=3)
    _bow(ax, (0.47, 0.86), (0.18, 0.70), 0.3, INDEPENDENT)
    ax.text(0.97, 0.62, "turned,\nnot trained", ha="right", va="center", size=9.5)


def _own(ax: Axes) -> None:
    _olds(ax)
    _dots(ax, [OWN], s=170, facecolors="none", edgecolors=COMPATIBLE, lw=1.8, zorder=4)
    _line(ax, NEW, OWN)


def _point(ax: Axes) -> None:
    _olds(ax)
    other = (sum(x for x, _ in STRANGERS) / 4, sum(y for _, y in STRANGERS) / 4)
    for place, colour in ((MIDDLE, COMPATIBLE), (other, INK)):
        _dots(ax, [place], s=150, marker="*", color=colour, zorder=4)
    _line(ax, NEW, MIDDLE)
    _line(ax, NEW, other, away=True)


def _vectors(ax: Axes) -> None:
    _olds(ax)
    for place in PERSON:
        _line(ax, NEW, place)
    for place in STRANGERS:
        _line(ax, NEW, place, away=True)


def _classifier(ax: Axes) -> None:
    _olds(ax, new=False)
    ax.plot([0.42, 0.68], [0.02, 0.98], color=COMPATIBLE, lw=1.9)
    for x, y in (NEW, (0.42, 0.62), (0.30, 0.74)):
        ax.scatter(x, y, s=95, color=COMPATIBLE, zorder=4)
    for x, y in ((0.82, 0.62), (0.92, 0.72)):
        ax.scatter(x, y, s=88, marker="s", color=COMPATIBLE, zorder=4)


def _order(ax: Axes) -> None:
    ax.scatter(0.5, 0.84, s=95, color=COMPATIBLE, zorder=4)
    ax.annotate("", (0.95, 0.62), (0.05, 0.62), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.1})
    for rank, marker in enumerate("osoos"):
        x = 0.14 + 0.17 * rank
        ax.scatter(x, 0.46, s=52, marker=marker, color=OLD, zorder=3)
        ax.text(x, 0.68, str(rank + 1), ha="center", size=9.5)
    _bow(ax, (0.48, 0.38), (0.31, 0.38), -0.6, COMPATIBLE)
    ax.text(0.5, 0.06, "own person first", ha="center", size=9.5)
