"""Style of every figure: the colours of the three models, and ink for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

OLD = "#7A7A8C"
"""The old model and its vectors, everywhere."""
INDEPENDENT = "#D1603D"
"""The new model trained without compatibility."""
COMPATIBLE = "#1F8A8A"
"""A new model trained with compatibility."""
INK = "#757575"
"""Text, axes and grid lines: a grey with enough contrast on a light and on a dark page."""
RIGHT, WRONG, JUNK = "#3A9D4E", "#C8453B", "#939393"
"""A retrieved image of the right person, of another person, and one that the camera rule leaves
out.
"""

METHOD_COLOURS = {
    "independent": INDEPENDENT,
    "rotation": "#B18F22",
    "l2": "#AB84C6",
    "bct": COMPATIBLE,
    "contrastive": "#4C8FD6",
    "triplet": "#8C6D46",
    "hot-refresh": "#CE7C7C",
    "nccl": "#6B9E5B",
    "unibct": "#2F6F9F",
    "lce": "#979735",
    "advbct": "#7D5BA6",
    "mixbct": "#C4871D",
    "smooth-ap": "#429EAF",
    "smooth-ap-all-pairs": "#7F96AE",
    "supap": "#A9762F",
    "rbcl": "#B5409A",
    "rbcl-no-agents": "#D66BCD",
    "rbcl-bct": "#C05C7E",
}
"""Methods, and variants of them, compared with each other.

All but the independent one are compatible models.
"""

PLAIN_COLOURS = (INK, "#5B7FA6", "#A06A5B", "#8A8A3C", "#8667A3")
"""Lines that are neither a model nor a method: orders, rules, fusions. Their dashes and marks differ too."""

LEARNER_COLOURS = {"ecn": "#7D5BA6", "pseudo-labels": "#B98A1E"}
"""Independent models that learn without labels."""

PEOPLE_COLOURS = (
    *("#1F77B4", "#D06A00", "#2C962C", "#D62728", "#9467BD"),
    *("#8C564B", "#C65BA6", "#7F7F7F", "#8F8F1A", "#0E92A3"),
)
"""People in a map; their shapes tell them apart as well."""

RC: dict[Any, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.bbox": "tight",
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.2,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.loc": "upper right",  # the best place takes long to find among many points
    "font.size": 10.5,
    "lines.linewidth": 1.8,
}


def use_style() -> None:
    """Make this the style of every figure of the session: transparent ground, grey ink, sharp
    pictures.
    """
    plt.rcParams.update(RC)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")
    except ImportError:  # a plain Python process has no inline backend
        pass


@contextmanager
def style() -> Iterator[None]:
    """The same for a block only, as the figure functions of this package use it."""
    with mpl.rc_context(RC):
        yield


def one_legend(axes: np.ndarray, count: int, title: str | None = None) -> None:
    """One legend for panels in a grid, of everything that any of them shows: in the place of a panel
    that is not there, else right of the last.

    Args:
        axes: [L, W] panels; those behind the first ``count`` are empty and are removed, or hold the
            legend.
        count: panels that are drawn.
        title: of the legend.
    """
    last, spare = axes.flat[count - 1], list(axes.flat[count:])
    shown: dict[str, Artist] = {}
    for ax in axes.flat[:count]:
        for handle, label in zip(*ax.get_legend_handles_labels()):
            shown.setdefault(label, handle)
    handles = list(shown.values())
    if spare:
        spare[0].set_axis_off()  # its ticks may be those of the others
        spare[0].legend(handles, list(shown), title=title, loc="center left", alignment="left")
        for ax in spare[1:]:
            ax.remove()
    else:
        last.legend(
            list(shown.values()),
            list(shown),
            title=title,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            alignment="left",
        )


def bare(ax: Axes) -> Axes:
    """An axes without ticks, grid and frame, for pictures and maps."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
