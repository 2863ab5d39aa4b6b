"""Figure of a price: what a method finds in the old gallery for a number of points of new/new."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from rbcl_lite.plots.axes import seed_band
from rbcl_lite.plots.style import style


def price_curves(table: pd.DataFrame, methods: Sequence[str]) -> Figure:
    """New/old against the price: a line through the means of the seeds, and a band from the lowest to the highest.

    Args:
        table: what :func:`rbcl_lite.experiments.tables.price.price_table` returned.
        methods: in the order of the legend.
    """
    with style():
        figure, ax = plt.subplots(figsize=(6.8, 3.8))
        for method in methods:
            seed_band(ax, table[table["method"] == method], "cost", "new_old", method)
        ax.set(xlabel="price: points of new/new below the independent model", ylabel="new/old, mAP in %")
        ax.legend(loc="lower right")
        return figure
