"""Figure of an ablation: one line for each variant, beside a base."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from rbcl_lite.plots.style import INK, LEARNER_COLOURS, style

LEARNERS = {"pseudo-labels": "pseudo-labels", "source-only": None, "statistics": None, "labels": None}
"""Which learner a variant belongs to; ECN where it is not said, none of them in ink."""


def ablation_dots(scores: pd.DataFrame, about: Mapping[str, str], base: str, label: str) -> Figure:
    """Every variant on a line of its own, in the order of ``about``: a ring for each seed, a dot for their mean,
    and a dashed line at the mean of one of them.

    Args:
        scores: one row for each seed, one column for each variant.
        about: variant to its name on the page, from the top.
        base: the variant with the dashed line.
        label: of the horizontal axis.
    """
    with style():
        figure, ax = plt.subplots(figsize=(7.2, 0.34 * len(about) + 0.8))
        ax.axvline(scores[base].mean(), color=INK, ls="--", lw=1.2)
        for line, name in enumerate(reversed(list(about))):
            learner = LEARNERS.get(name, "ecn")
            colour = INK if learner is None else LEARNER_COLOURS[learner]
            ax.scatter(scores[name], [line] * len(scores), s=26, facecolors="none", edgecolors=colour)
            ax.scatter(scores[name].mean(), line, s=70, color=colour)
        ax.set(yticks=range(len(about)), yticklabels=list(about.values())[::-1], xlabel=label)
        ax.grid(axis="y", visible=False)
        return figure
