"""Figure of an agreement: one upgrade's order of methods against that of another."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, style


def agreement_heatmap(table: pd.DataFrame) -> Figure:
    """Rank correlation of each pair of upgrades, from the reverse order over none to the same one.

    Args:
        table: what :func:`rbcl_lite.experiments.tables.agreement.order_agreement` returned.
    """
    palette = LinearSegmentedColormap.from_list("agreement", [INDEPENDENT, "#F4F4F4", COMPATIBLE])
    with style():
        figure, ax = plt.subplots(figsize=(6.4, 5.2))
        sns.heatmap(
            table.round(1) + 0.0,  # no minus before a zero
            annot=True,
            fmt=".1f",
            cmap=palette,
            vmin=-1,
            vmax=1,
            cbar=False,
            ax=ax,
            annot_kws={"size": 11, "color": "#151515"},  # reads on the palest and on the fullest cell
        )
        ax.tick_params(length=0)
        ax.set_xticks(ax.get_xticks(), list(table.columns), rotation=35, ha="right", rotation_mode="anchor")
        ax.grid(False)
        return figure
