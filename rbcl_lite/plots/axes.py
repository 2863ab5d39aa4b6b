"""Figures of an axis: scores over what was varied, and over the epochs of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rbcl_lite.plots.style import METHOD_COLOURS, OLD, style

SCORES = {"new_old": "new/old mAP in %", "new_new": "new/new mAP in %"}


def axis_curves(table: pd.DataFrame, label: str, methods: Sequence[str], *, log: int | None = None) -> Figure:
    """New/old above new/new over what was varied: a curve through the means of the seeds, a band from
    the lowest to the highest, and old/old dashed.

    Args:
        table: what :func:`rbcl_lite.experiments.tables.axis.axis_table` returned.
        label: of the common axis.
        methods: in the order of the legend.
        log: base of a logarithmic axis.
    """
    with style():
        figure, axes = plt.subplots(2, 1, figsize=(6.8, 6.4), sharex=True, layout="constrained")
        before = table.groupby("value")["old_old"].mean()
        axes[0].plot(before.index, before, "--", color=OLD, lw=1.2, label="old/old")
        for ax, score in zip(axes, SCORES):
            for method in methods:
                seed_band(ax, table[table["method"] == method], "value", score, method)
            ax.set(ylabel=SCORES[score])
        ticks = sorted(table["value"].unique())
        if log:
            axes[1].set_xscale("log", base=log)
        axes[1].set(xlabel=label, xticks=ticks, xticklabels=[f"{tick:g}" for tick in ticks])
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def epoch_curves(table: pd.DataFrame, methods: Sequence[str]) -> Figure:
    """The share of dead pairs above new/old on validation people, epoch by epoch.

    Args:
        table: what :func:`rbcl_lite.experiments.tables.axis.epoch_table` returned.
        methods: in the order of the legend.
    """
    with style():
        figure, axes = plt.subplots(2, 1, figsize=(6.8, 6.0), sharex=True, layout="constrained")
        for ax, score, words in zip(axes, ("dead", "new_old"), ("dead pairs in %", "new/old, validation people")):
            for method in methods:
                seed_band(ax, table[table["method"] == method], "epoch", score, method, marker="")
            ax.set(ylabel=words)
        axes[1].set(xlabel="epoch")
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def seed_band(ax: Axes, own: pd.DataFrame, over: str, score: str, method: str, **look: Any) -> None:
    """A method's mean over its seeds along one column, and a band from the lowest to the highest."""
    found = own.groupby(over)[score].agg(["mean", "min", "max"])
    colour = METHOD_COLOURS[method]
    ax.fill_between(found.index, found["min"], found["max"], color=colour, alpha=0.15, lw=0)
    ax.plot(found.index, found["mean"], **{"marker": "o", "ms": 4, **look}, color=colour, label=method)
