"""Pictures of people."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rbcl_lite.plots.style import bare, style


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
