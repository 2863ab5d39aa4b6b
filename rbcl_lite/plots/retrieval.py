"""Figures of retrieval: the cross-test, a ranked strip with its precision curve."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from rbcl_lite.plots.style import COMPATIBLE, JUNK, RIGHT, WRONG, bare, style


def cross_test_heatmap(matrix: pd.DataFrame, *, size: float = 3.6) -> Figure:
    """The cross-test as a heat map: rows are query models, columns gallery models, cells mAP in per cent.

    Args:
        matrix: what :func:`rbcl_lite.metrics.cross_test` returned, values 0..1.
        size: inches of the height.
    """
    with style():
        figure, ax = plt.subplots(figsize=(1.2 * size, size))
        palette = sns.light_palette(COMPATIBLE, as_cmap=True)
        sns.heatmap(
            100 * matrix,
            annot=True,
            fmt=".1f",
            cmap=palette,
            vmin=0,
            vmax=100,
            cbar=False,
            ax=ax,
            linewidths=2,
            annot_kws={"size": 15},
        )
        ax.set(xlabel="gallery stored by", ylabel="query made by")
        ax.tick_params(length=0)
        ax.grid(False)
        ax.set_title("mAP in %")
        return figure


def ranked_strip(
    query: np.ndarray, gallery: Sequence[np.ndarray], kinds: Sequence[str], *, precision: bool = True
) -> Figure:
    """A query and what was found, in order, framed by right, wrong and junk; below it the precision at each rank.

    Args:
        query: [H, W, 3] uint8.
        gallery: ranked images [H, W, 3].
        kinds: ``right``, ``wrong`` or ``junk`` for each of them. Junk takes no rank.
        precision: draw the precision curve.
    """
    if len(gallery) != len(kinds):
        raise ValueError(f"{len(gallery)} images but {len(kinds)} kinds")
    colours = {"right": RIGHT, "wrong": WRONG, "junk": JUNK}
    with style():
        count = len(gallery)
        figure = plt.figure(figsize=(0.75 * (count + 1.4), 2.0 + 1.3 * precision))
        grid = figure.add_gridspec(1 + precision, count + 1, height_ratios=[2, 1.2][: 1 + precision])
        for column, (image, kind) in enumerate([(query, "query"), *zip(gallery, kinds)]):
            ax = bare(figure.add_subplot(grid[0, column]))
            ax.imshow(image)
            for spine in ax.spines.values():
                spine.set(visible=kind in colours, color=colours.get(kind, JUNK), linewidth=3)
            ax.set_title("query" if kind == "query" else "—" if kind == "junk" else "", fontsize="small")
        if precision:
            hits = np.array([k == "right" for k in kinds if k != "junk"])
            curve = hits.cumsum() / np.arange(1, len(hits) + 1)
            ax = figure.add_subplot(grid[1, 1:])
            ranks = np.arange(1, len(hits) + 1)
            ax.plot(ranks, curve, color=JUNK, zorder=1)
            ax.scatter(ranks[hits], curve[hits], color=RIGHT, zorder=2)
            ax.set(xlabel="rank (junk takes none)", ylabel="precision", ylim=(0, 1.08), xticks=ranks)
        return figure
