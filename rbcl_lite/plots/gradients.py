"""Figures of vanishing gradients: pull against gap, and the gaps of a real model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rbcl_lite.losses.similarity_gradient import ACTIVE, similarity_gradient
from rbcl_lite.plots.style import INK, METHOD_COLOURS, OLD, style

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Query [B, D], reference [R, D] and their identities to a scalar, as the ranking losses take them.
"""


def gap_curves(
    losses: Mapping[str, Loss],
    gaps: np.ndarray,
    *,
    hardest: float | None = None,
    ax: Axes | None = None,
    title: str = "",
) -> Figure:
    """Pull on one negative against its gap to the only positive, on a logarithmic scale.

    Args:
        losses: name to loss; one curve each.
        gaps: s_pos - s_neg, in units of cosine.
        hardest: gap of a second negative that stays where it is; the pull on the moving one is
            drawn.
        ax: where to draw; a new figure by default.
        title: above the panel.
    """
    dashes = ["-", "--", "-.", ":", (0, (3, 1, 1, 1, 1, 1))]
    colours = [METHOD_COLOURS[m] for m in ("smooth-ap", "rbcl", "mixbct", "l2", "supap")]
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(6.4, 3.6))
        for (name, loss), colour, dash in zip(losses.items(), colours, dashes):
            fixed = [0.4] if hardest is None else [0.4, 0.4 - hardest]
            pulls = [similarity_gradient(loss, [*fixed, 0.4 - g])[-1].item() for g in gaps]
            ax.plot(gaps, pulls, color=colour, ls=dash, label=name)
        ax.set(
            yscale="log", ylim=(1e-7, 90), xlabel="gap: cosine of the positive − cosine of the negative", title=title
        )
        ax.set_ylabel("pull on the negative")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        assert isinstance(ax.figure, Figure)
        return ax.figure


def pull_panels(alone: Mapping[str, Loss], beside: Mapping[str, Loss], *, hardest: float = 0.05) -> Figure:
    """:func:`gap_curves` twice: one negative by itself, and one beside a harder one that stays.

    Args:
        alone, beside: name to loss, for the left and the right panel.
        hardest: gap of the negative that stays.
    """
    gaps = np.linspace(-0.2, 0.5, 71)
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.6), sharey=True)
        gap_curves(alone, gaps, ax=axes[0], title="one negative")
        gap_curves(beside, gaps, hardest=hardest, ax=axes[1], title=f"another negative at a gap of {hardest:g}")
        for ax in axes:
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize="small")
        return figure


def gap_histogram(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    *,
    temperature: float = 0.01,
    span: tuple[float, float] = (-0.6, 0.8),
) -> Figure:
    """Gaps between each positive and the hardest negative, with the band in which the sigmoid has a
    slope.

    Args:
        panels: title to (method to gaps [any number]).
        temperature: of the sigmoid, for the band.
        span: first and last gap drawn.
    """
    bins = np.linspace(*span, 57)
    with style():
        figure, axes = plt.subplots(1, len(panels), figsize=(4.4 * len(panels), 3.3), sharey=True, squeeze=False)
        for ax, (title, methods) in zip(axes[0], panels.items()):
            ax.axvspan(-ACTIVE * temperature, ACTIVE * temperature, color=INK, alpha=0.22, lw=0, label="has a slope")
            for (name, gaps), dash in zip(methods.items(), ["-", "--", ":"]):
                share = 100 * np.histogram(gaps, bins)[0] / max(len(gaps), 1)
                ax.stairs(share, bins, color=METHOD_COLOURS[name], lw=1.8, ls=dash, label=name)
            ax.set(xlabel="gap to the hardest negative", title=title)
        axes[0, 0].set_ylabel("pairs in %")
        axes[0, -1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def weight_curves(curves: Mapping[str, pd.DataFrame], ax: Axes) -> None:
    """New/old over the weight of several methods, with old/old as a dashed line.

    Args:
        curves: method to its sweep (:func:`rbcl_lite.experiments.tables.runs.curve`).
        ax: where to draw.
    """
    for method, points in curves.items():
        ax.plot(points["weight"], points["new_old"], marker="o", ms=5, color=METHOD_COLOURS[method], label=method)
    ax.axhline(next(iter(curves.values()))["old_old"].iloc[0], color=OLD, ls="--", lw=1.2, label="old/old")
    ax.set(xscale="log", xlabel="weight λ", ylabel="new/old mAP in %")
