"""Figures of an axis: who is ahead over what was varied, and scores over the epochs of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rbcl_lite.metrics.interval import reach
from rbcl_lite.plots.style import METHOD_COLOURS, style

SCORES = {"new_old": "new/old", "new_new": "new/new"}


def gap_curves(gaps: pd.DataFrame, label: str, methods: Sequence[str]) -> Figure:
    """By how much methods are ahead of another one over what was varied, new/old above new/new: the
    mean over the seeds with its 95 % interval (Student's t).

    Args:
        gaps: what :func:`rbcl_lite.experiments.tables.axis.axis_gaps` returned; at least two seeds.
        label: of the common axis, which is logarithmic.
        methods: in the order of the legend.
    """
    with style():
        figure, axes = plt.subplots(2, 1, figsize=(6.8, 6.4), sharex=True, layout="constrained")
        ticks, (other,) = sorted(gaps["value"].unique()), gaps["other"].unique()
        for ax, score in zip(axes, SCORES):
            ax.axhline(0, color=METHOD_COLOURS[other], ls="--", lw=1.4, label=other)
            for place, method in enumerate(methods):
                own = gaps[gaps["method"] == method].groupby("value")[score].agg(["mean", reach])
                aside = own.index * 1.02 ** (place - (len(methods) - 1) / 2)  # so that intervals stand side by side
                look: dict[str, Any] = {"fmt": "o-", "ms": 4, "capsize": 3, "elinewidth": 1.1}
                ax.errorbar(aside, own["mean"], yerr=own["reach"], color=METHOD_COLOURS[method], label=method, **look)
            ax.set(ylabel=f"{SCORES[score]}, points ahead of {other}")
        axes[1].set_xscale("log", base=2)
        axes[1].set(xlabel=label, xticks=ticks, xticklabels=[f"{tick:g}" for tick in ticks])
        axes[1].minorticks_off()
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


def gain_over_dead(points: pd.DataFrame, label: str) -> Figure:
    """What reactivation adds to new/old over the share of pairs that are dead without it: a line for
    each seed, and above the means of the seeds what was varied.

    Args:
        points: ``seed``, ``value`` of what was varied, ``dead`` in per cent and ``gain`` in points.
        label: what was varied.
    """
    plain, reactivated = METHOD_COLOURS["smooth-ap"], METHOD_COLOURS["rbcl-no-agents"]
    with style():
        figure, ax = plt.subplots(figsize=(6.8, 4.0))
        ax.axhline(0, color=plain, ls="--", lw=1.4)
        for _, own in points.groupby("seed"):
            ax.plot("dead", "gain", "o-", data=own.sort_values("value"), color=reactivated, ms=4, lw=1, alpha=0.7)
        means = points.groupby("value")["dead"].mean()
        above = ax.secondary_xaxis("top")
        above.set_xticks(means.to_list(), [f"{value:g}" for value in means.index])
        above.set_xlabel(label)
        ax.set(xlabel="dead pairs of smooth-ap in its last epoch, in %", ylabel="points of new/old added")
        return figure


def seed_band(ax: Axes, own: pd.DataFrame, over: str, score: str, method: str, **look: Any) -> None:
    """A method's mean over its seeds along one column, and a band from the lowest to the highest."""
    found = own.groupby(over)[score].agg(["mean", "min", "max"])
    colour = METHOD_COLOURS[method]
    ax.fill_between(found.index, found["min"], found["max"], color=colour, alpha=0.15, lw=0)
    ax.plot(found.index, found["mean"], **{"marker": "o", "ms": 4, **look}, color=colour, label=method)
