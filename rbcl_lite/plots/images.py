"""Pictures of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rbcl_lite.plots.style import JUNK, RIGHT, WRONG, bare, style


def show_sheet(sheet: np.ndarray, *, width: float = 8.0, title: str = "") -> Figure:
    """An image array [H, W, 3] as a figure of ``width`` inches, pixels kept square."""
    with style():
        figure, ax = plt.subplots(figsize=(width, width * sheet.shape[0] / sheet.shape[1] + 0.3 * bool(title)))
        bare(ax).imshow(sheet)
        ax.set_title(title)
        return figure


def show_rows(rows: Sequence[np.ndarray], labels: Sequence[str], *, height: float = 1.4) -> Figure:
    """Rows of images [N, H, W, 3], one label per row at its left.

    Args:
        rows: each [N, H, W, 3] uint8; all with the same N, H and W.
        labels: one per row.
        height: inches of a row.
    """
    if len(rows) != len(labels):
        raise ValueError(f"{len(rows)} rows but {len(labels)} labels")
    with style():
        shape = rows[0].shape
        width = height * len(rows[0]) * shape[2] / shape[1]
        figure, axes = plt.subplots(len(rows), 1, figsize=(width + 1.2, height * len(rows)), squeeze=False)
        for ax, row, label in zip(axes[:, 0], rows, labels):
            bare(ax).imshow(np.concatenate(list(row), axis=1))
            ax.set_ylabel(label, rotation=0, ha="right", va="center")
        return figure


def found_rows(
    query: np.ndarray, rows: Mapping[str, tuple[Sequence[np.ndarray], Sequence[bool]]], *, height: float = 1.5
) -> Figure:
    """What several systems found for one query: a row for each, best first, framed by right and
    wrong.

    Args:
        query: [H, W, 3] uint8, shown once, at the left of the first row.
        rows: system to (its first images [H, W, 3], whether each shows the query's person).
        height: inches of a row.
    """
    longest = max(len(images) for images, _ in rows.values())
    width = height * (longest + 1.3) * query.shape[1] / query.shape[0]
    with style():
        figure, axes = plt.subplots(
            len(rows), longest + 1, figsize=(1.15 * width, (height + 0.25) * len(rows)), squeeze=False
        )
        for number, (line, (name, (images, right))) in enumerate(zip(axes, rows.items())):
            for place, ax in enumerate(line):
                bare(ax)
                if place > len(images) or (place == 0 and number > 0):
                    continue
                ax.imshow(query if place == 0 else images[place - 1])
                colour = JUNK if place == 0 else RIGHT if right[place - 1] else WRONG
                for spine in ax.spines.values():
                    spine.set(visible=True, color=colour, linewidth=3, linestyle="--" if colour == WRONG else "-")
            line[0].set_title("query", alpha=number == 0)  # keeps the height of a title in every row
            # a long name must not widen its column
            line[1].annotate(name, (0, 1.05), xycoords="axes fraction", va="baseline").set_in_layout(False)
        return figure
