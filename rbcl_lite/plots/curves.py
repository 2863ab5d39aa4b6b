"""Figures of many runs: what compatibility costs, and what training did."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rbcl_lite.plots.style import INDEPENDENT, METHOD_COLOURS, OLD, one_legend, style

MARKS = dict(zip(METHOD_COLOURS, itertools.cycle("oDs^vP*Xd<>p")))
"""Mark of each method, since colours alone do not tell ten curves apart."""
LEGEND = "weight λ at the ends"
"""Title of the legend of a trade-off."""


def trade_off(
    result: Mapping[str, Any], methods: Sequence[str], *, part: str = "test", ax: Axes | None = None
) -> Figure:
    """New/old against new/new mAP over the weights of each method, on the seed whose weights were
    swept.

    Up is compatible, right is good by itself. Each curve starts at the independent model, which is
    every method at weight 0. The dashed line is old/old, which a compatible model must pass; the
    vertical one is the independent model's new/new. The ends carry their weight, and a ring marks
    the one chosen on validation people.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
        methods: methods to draw.
        part: test or validation.
        ax: where to draw; a new figure by default.
    """
    runs = pd.DataFrame(
        [{"method": r["method"], "weight": r["weight"], "seed": r["seed"], **r[part]} for r in result["runs"]]
    )
    runs = runs[runs["seed"] == runs["seed"].min()]
    alone = runs[runs["method"] == "independent"].iloc[0]
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(7.2, 4.8))
        ax.axhline(alone["old_old"], color=OLD, ls="--", lw=1.2)
        ax.axvline(alone["new_new"], color=INDEPENDENT, ls="--", lw=1.2)
        for method in methods:
            own = runs[runs["method"] == method].sort_values("weight")
            x, y, colour = own["new_new"].to_numpy(), own["new_old"].to_numpy(), METHOD_COLOURS[method]
            ax.plot(x, y, marker=MARKS[method], ms=5.5, color=colour, label=method)
            ax.plot([alone["new_new"], x[0]], [alone["new_old"], y[0]], color=colour, ls=":", lw=1.2)
            for i in (0, -1):
                end = own["weight"].iloc[i]
                away = 10 if end == result["chosen"].get(method) else 7  # outside the ring
                ax.annotate(
                    f"{end:g}",
                    (x[i], y[i]),
                    xytext=(-away if i else away, 0),
                    textcoords="offset points",
                    ha="right" if i else "left",
                    va="center",
                    color=colour,
                    fontsize="small",
                )
            best = own[own["weight"] == result["chosen"].get(method)]
            ax.scatter(best["new_new"], best["new_old"], s=120, facecolors="none", edgecolors=colour, linewidths=1.6)
        ax.scatter(alone["new_new"], alone["new_old"], marker="D", s=46, color=INDEPENDENT, zorder=3)
        ax.margins(x=0.08)
        low, high = ax.get_xlim()
        left = alone["new_new"] < low + 0.25 * (high - low)  # the words stand where there is room for them
        place, side = ((9, 0), "left") if left else ((-9, 0), "right")
        ax.annotate(
            "independent",
            (alone["new_new"], alone["new_old"]),
            xytext=place,
            textcoords="offset points",
            ha=side,
            va="center",
            color=INDEPENDENT,
        )
        ax.annotate(
            "old/old",
            (0.99 if left else 0.01, alone["old_old"]),
            xycoords=("axes fraction", "data"),
            color=OLD,
            ha="right" if left else "left",
            va="bottom",
        )
        ax.set(
            xlabel="new/new mAP in % (after a complete backfill)", ylabel="new/old mAP in % (the day of the upgrade)"
        )
        ax.legend(title=LEGEND, loc="center left", bbox_to_anchor=(1.0, 0.5), alignment="left")
        assert isinstance(ax.figure, Figure)
        return ax.figure


def trade_off_panels(results: Mapping[str, Mapping[str, Any]]) -> Figure:
    """:func:`trade_off` of every setting that is given, a panel for each, two beside each other.

    Each panel shows the range of the compatible models: an independent model far below them is not
    in it.

    Args:
        results: setting to its result, at least one.
    """
    with style():
        lines, beside = -(-len(results) // 2), min(len(results), 2)
        figure, axes = plt.subplots(
            lines, beside, figsize=(4.6 * beside + 1.6, 4.0 * lines), squeeze=False, layout="constrained"
        )
        for ax, (name, result) in zip(axes.flat, results.items()):
            trade_off(result, list(result["chosen"]), ax=ax)
            first = min(r["seed"] for r in result["runs"])
            drawn = [r["test"] for r in result["runs"] if r["seed"] == first and r["method"] in result["chosen"]]
            heights = [scores[column] for scores in drawn for column in ("old_old", "new_old")]
            room = 0.08 * (max(heights) - min(heights)) + 0.5
            ax.set(title=name, ylim=(min(heights) - room, max(heights) + room))
            ax.get_legend().remove()
        one_legend(axes, len(results), LEGEND)
        return figure


def history_curves(histories: Mapping[str, pd.DataFrame], column: str = "loss", *, label: str = "loss") -> Figure:
    """One column of several training histories over the epochs.

    Args:
        histories: method name to history (:meth:`rbcl_lite.runs.run.Run.read_history`).
        column: for example ``loss``, ``compatibility``, ``saturation``.
        label: of the vertical axis.
    """
    with style():
        figure, ax = plt.subplots(figsize=(6.4, 3.4))
        for name, history in histories.items():
            ax.plot(
                history["epoch"] + 1, history[column], marker="o", ms=4, color=METHOD_COLOURS.get(name, OLD), label=name
            )
        ax.set(xlabel="epoch", ylabel=label)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def result_dots(runs: pd.DataFrame, *, enough: int = 5) -> Figure:
    """Every method at its chosen weight, best at the top: a ring for the new/old of each seed, a dot for their mean,
    a bar for the mean new/new; the dashed line is old/old, and a tick that of the method's own seeds.

    Args:
        runs: what :func:`rbcl_lite.experiments.tables.runs.chosen_runs` returned.
        enough: seeds below which a dot is hollow.
    """
    means = runs.groupby("method")[["old_old", "new_old", "new_new"]].mean().sort_values("new_old")
    before = runs.groupby("seed")["old_old"].first().mean()
    with style():
        figure, ax = plt.subplots(figsize=(7.4, 0.42 * len(means) + 1.2))
        ax.axvline(before, color=OLD, ls="--", lw=1.4)
        ax.text(before, 1.0, "old/old", color=OLD, transform=ax.get_xaxis_transform(), ha="center", va="bottom")
        for line, (method, mean) in enumerate(means.iterrows()):
            seeds, colour = runs[runs["method"] == method]["new_old"], METHOD_COLOURS[str(method)]
            ax.scatter(seeds, [line] * len(seeds), s=26, facecolors="none", edgecolors=colour, linewidths=1)
            filled = colour if len(seeds) >= enough else "none"
            ax.scatter(mean["new_old"], line, s=70, color=filled, edgecolors=colour)
            ax.scatter(mean["new_new"], line, s=150, marker="|", color=colour, linewidths=2.5)
            ax.scatter(mean["old_old"], line, s=90, marker="|", color=OLD, linewidths=1.4)
        label = "mAP in %: dot = new/old, ring = one seed, bar = new/new"
        ax.set(yticks=range(len(means)), yticklabels=list(means.index), xlabel=label)
        ax.grid(axis="y", visible=False)
        ax.margins(y=0.08)
        return figure
