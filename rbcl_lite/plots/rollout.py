"""Figures of a roll-out: what changes as the gallery is backfilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rbcl_lite.plots.style import METHOD_COLOURS, OLD, PLAIN_COLOURS, one_legend, style

ORDER_LOOKS = {
    "random": (PLAIN_COLOURS[0], "-", "o"),
    "most-searched": (PLAIN_COLOURS[1], "-", "s"),
    "least-certain": (PLAIN_COLOURS[2], "--", "^"),
    "by-camera": (PLAIN_COLOURS[3], ":", "D"),
    "worst-placed": (PLAIN_COLOURS[4], "-.", "v"),
}
"""Colour, dash and mark of each order of a backfill."""
RULE_LOOKS = {
    "carried": (PLAIN_COLOURS[2], "-", "o"),
    "recalibrated": (PLAIN_COLOURS[1], "--", "s"),
    "by version": (PLAIN_COLOURS[4], "-.", "^"),
}
"""The same of each rule for the threshold."""
FUSION_LOOKS = {
    "none": (PLAIN_COLOURS[0], "-", "o"),
    "z-norm": (PLAIN_COLOURS[1], "--", "s"),
    "quantile": (PLAIN_COLOURS[2], "-", "^"),
    "both quantile": (PLAIN_COLOURS[4], "-.", "v"),
}
"""The same of each fusion; ``both`` compares each vector with the query of its own model."""


def backfill_curves(
    table: pd.DataFrame,
    methods: Sequence[str],
    *,
    old_old: float | None = None,
    column: str = "mAP",
    label: str = "",
    ax: Axes | None = None,
) -> Figure:
    """A score against the backfilled share, a line for each method: the mean over its seeds, with a
    band from the lowest to the highest where there are several.

    Args:
        table: rows of one order of :func:`rbcl_lite.experiments.rollout.tables.order_table`.
        methods: those to draw.
        old_old: the old system's score in per cent, as a dashed line.
        column: of the table.
        label: of the vertical axis; ``new queries, mAP in %`` by default.
        ax: where to draw; a new figure by default.
    """
    with style():
        ax = ax or plt.subplots(figsize=(7.0, 4.2))[1]
        if old_old is not None:
            _level(ax, old_old, "old system, untouched")
        for method in methods:
            line = table[table["method"] == method]
            _line(ax, line, column, method, (METHOD_COLOURS[method], "-", "o"))
        return _finish(ax, label or "new queries, mAP in %")


def order_gains(table: pd.DataFrame, *, columns: Mapping[str, str]) -> Figure:
    """Points that an order is ahead of the random one, against the backfilled share, a panel for
    each column.

    Args:
        table: rows of one method of :func:`rbcl_lite.experiments.rollout.tables.order_table`.
        columns: column to the title of its panel.
    """
    with style():
        figure, axes = plt.subplots(1, len(columns), figsize=(4.6 * len(columns), 3.8), squeeze=False)
        for ax, (column, title) in zip(axes[0], columns.items()):
            wide = table.pivot(index=["seed", "share"], columns="order", values=column)
            gains = wide.sub(wide["random"], axis=0).stack().rename(column).reset_index()
            for order, look in ORDER_LOOKS.items():
                _line(ax, gains[gains["order"] == order], column, order, look)
            ax.set_title(title)
            _finish(ax, "points against the random order", legend=ax is axes[0, -1])
        return figure


def threshold_days(table: pd.DataFrame) -> Figure:
    """False matches and misses against the backfilled share, a line for each rule, with intervals
    where there is one seed.

    Args:
        table: rows of one method of :func:`rbcl_lite.experiments.rollout.tables.threshold_table`.
    """
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(9.4, 3.8))
        for ax, column, label in zip(axes, ("false_match", "miss"), ("false matches in %", "misses in %")):
            before = table.loc[table["rule"] == "before", column].mean()
            _level(ax, before, "old system, before")
            for rule, look in RULE_LOOKS.items():
                own = table[table["rule"] == rule]
                _line(ax, own, column, rule, look)
                if own["seed"].nunique() == 1:
                    low, high = own[f"{column}_low"], own[f"{column}_high"]
                    ax.fill_between(own["share"], low, high, color=look[0], alpha=0.18, lw=0)
            ax.set_ylim(bottom=0)
            _finish(ax, label, legend=ax is axes[1])
        return figure


def fusion_curves(table: pd.DataFrame, methods: Sequence[str]) -> Figure:
    """mAP against the backfilled share for each fusion, a panel for each method, two beside each
    other.

    Args:
        table: what :func:`rbcl_lite.experiments.rollout.tables.fusion_table` returned.
        methods: one panel each.
    """
    with style():
        lines, beside = -(-len(methods) // 2), min(len(methods), 2)
        figure, axes = plt.subplots(
            lines, beside, figsize=(3.8 * beside + 1.4, 3.4 * lines), sharey=True, squeeze=False
        )
        for ax, method in zip(axes.flat, methods):
            for fusion, look in FUSION_LOOKS.items():
                rows = table[(table["method"] == method) & (table["fusion"] == fusion)]
                _line(ax, rows, "mAP", fusion.replace("both", "two queries,"), look)
            ax.set_title(method)
            _finish(ax, "mAP in %" if ax in axes[:, 0] else "", legend=False)
        one_legend(axes, len(methods))
        return figure


def _line(ax: Axes, rows: pd.DataFrame, column: str, name: str, look: tuple[str, str, str]) -> None:
    """Mean over seeds, and a band where there are several."""
    colour, dash, mark = look
    by = rows.groupby("share")[column]
    mean = by.mean()
    ax.plot(mean.index, mean, color=colour, ls=dash, marker=mark, ms=4.5, label=name)
    if rows["seed"].nunique() > 1:
        ax.fill_between(mean.index, by.min(), by.max(), color=colour, alpha=0.15, lw=0)


def _level(ax: Axes, value: float, words: str) -> None:
    """The old system, which does not change, as a dashed line."""
    ax.axhline(value, color=OLD, ls="--", lw=1.2, label=words)


def _finish(ax: Axes, label: str, *, legend: bool = True) -> Figure:
    ax.set(xlabel="share of the gallery that is backfilled", ylabel=label)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    if legend:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    assert isinstance(ax.figure, Figure)
    return ax.figure
