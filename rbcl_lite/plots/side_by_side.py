"""Figures that set methods side by side: what one query finds, and how its cosines lie."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from rbcl_lite.features import Features
from rbcl_lite.plots.retrieval import ranked_list
from rbcl_lite.plots.style import INK, METHOD_COLOURS, OLD, RIGHT, WRONG, bare, style

Searches = Mapping[str, "tuple[Features, Features]"]
"""Name of a method, or ``old``, to its queries and the gallery that they search."""


def same_query(
    searches: Searches, row: int, query_images: np.ndarray, gallery_images: np.ndarray, *, k: int = 8
) -> Figure:
    """What one query finds under each method: a line of pictures for each, framed by right and
    wrong.

    The query's own person at its own camera (junk) takes no place.

    Args:
        searches: the same queries and images under each method, in the same order.
        row: position of the query.
        query_images: [Q, H, W, 3] uint8.
        gallery_images: [G, H, W, 3] uint8.
        k: hits to show.
    """
    with style():
        figure, ax = plt.subplots(figsize=(0.58 * (k + 3.4), 1.12 * len(searches) + 0.4))
        bare(ax)
        for line, (name, (query, gallery)) in enumerate(searches.items()):
            order, kinds = ranked_list(query, gallery, row)
            found = [(i, kind) for i, kind in zip(order.tolist(), kinds) if kind != "junk"][:k]
            top = -2.0 * line
            ax.text(-1.3, top - 0.8, name, ha="right", va="center", color=METHOD_COLOURS.get(name, OLD))
            ax.imshow(query_images[row], extent=(-1.05, -0.2, top - 1.7, top))
            for place, (i, kind) in enumerate(found):
                colour = RIGHT if kind == "right" else WRONG
                ax.imshow(gallery_images[i], extent=(place, place + 0.85, top - 1.7, top))
                ax.add_patch(Rectangle((place, top - 1.7), 0.85, 1.7, fill=False, ec=colour, lw=2.5))
                if line == 0:
                    ax.text(place + 0.42, 0.1, str(place + 1), ha="center", va="bottom", fontsize="small")
        ax.text(-0.62, 0.1, "query", ha="center", va="bottom", fontsize="small")
        ax.set(xlim=(-3.4, k), ylim=(-2.0 * len(searches) + 0.2, 0.7), aspect="equal")
        return figure


def cosines(query: Features, gallery: Features) -> tuple[np.ndarray, np.ndarray]:
    """The cosines that decide a ranking.

    Args:
        query: Q queries.
        gallery: G images.

    Returns:
        cosine of every (query, positive) pair, the query's own camera left out, and of each query
        with its hardest stranger [Q].

    >>> import torch
    >>> gallery = Features(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), ids=[1, 1, 2], cams=[0, 1, 1])
    >>> own, hardest = cosines(Features(torch.tensor([[1.0, 0.0]]), ids=[1], cams=[0]), gallery)
    >>> own.tolist() == [gallery.vectors[1, 0].item()], hardest.tolist()
    (True, [0.0])
    """
    cosine = (query.vectors @ gallery.vectors.T).cpu().numpy()
    same = (query.ids[:, None] == gallery.ids).cpu().numpy()
    junk = np.zeros_like(same)
    if query.cams is not None and gallery.cams is not None:
        junk = same & (query.cams[:, None] == gallery.cams).cpu().numpy()
    return cosine[same & ~junk], np.where(same, -np.inf, cosine).max(axis=1)


def cosine_histograms(searches: Searches) -> Figure:
    """For each method, where the cosines of the right pairs lie and where those of the hardest
    strangers, with the median of each; what overlaps is found in the wrong order.

    Args:
        searches: the same queries and images under each method.
    """
    columns = 2
    lines = -(-len(searches) // columns)
    bins = np.linspace(-0.4, 1.0, 57).tolist()
    with style():
        figure, axes = plt.subplots(
            lines, columns, figsize=(7.2, 1.45 * lines + 0.5), sharex=True, sharey=True, squeeze=False
        )
        for ax in axes.flat[len(searches) :]:
            ax.set_visible(False)
        for ax, (name, (query, gallery)) in zip(axes.flat, searches.items()):
            own, hardest = cosines(query, gallery)
            ax.hist(own, bins, density=True, color=RIGHT, alpha=0.65, label="right pairs")
            ax.hist(hardest, bins, density=True, color=WRONG, alpha=0.55, label="hardest stranger")
            for values, colour in ((own, RIGHT), (hardest, WRONG)):  # above the hills, where it reads on any page
                edge = ax.get_xaxis_transform()
                ax.plot(np.median(values), 1.0, "v", ms=5, color=colour, transform=edge, clip_on=False)
            ax.set(yticks=[])
            ax.set_title(name, color=METHOD_COLOURS.get(name, OLD))
        for ax in axes[-1]:
            ax.set_xlabel("cosine, query to gallery")
        handles, _ = axes[0, 0].get_legend_handles_labels()
        median = Line2D([], [], marker="v", ms=5, ls="", color=INK, label="median")
        figure.legend(handles=[*handles, median], loc="outside upper center", ncols=3)
        return figure
