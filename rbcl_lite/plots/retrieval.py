"""Figures of retrieval: the cross-test, a ranked strip with its precision curve."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rbcl_lite.data.dataset import RetrievalSplit
from rbcl_lite.features import Features
from rbcl_lite.plots.style import COMPATIBLE, JUNK, RIGHT, WRONG, bare, style


def cross_test_heatmap(matrix: pd.DataFrame, *, size: float = 3.6) -> Figure:
    """The cross-test as a heat map: rows are query models, columns gallery models, cells mAP in per
    cent.

    Args:
        matrix: what :func:`rbcl_lite.metrics.cross_test` returned, values 0..1.
        size: inches of the height.
    """
    with style():
        figure, ax = plt.subplots(figsize=(1.2 * size, size))
        palette = sns.light_palette(COMPATIBLE, as_cmap=True)
        sns.heatmap(
            100 * matrix,
            annot=True,
            fmt=".1f",
            cmap=palette,
            vmin=0,
            vmax=100,
            cbar=False,
            ax=ax,
            linewidths=2,
            annot_kws={"size": 15, "color": "#151515"},  # reads on the palest and on the fullest cell
        )
        ax.set(xlabel="gallery stored by", ylabel="query made by")
        ax.tick_params(length=0)
        ax.grid(False)
        ax.set_title("mAP in %")
        return figure


def ranked_list(query: Features, gallery: Features, row: int) -> tuple[np.ndarray, list[str]]:
    """The gallery in the order in which one query finds it, ties against the query, as the metrics
    count them.

    Args:
        query: Q queries.
        gallery: G images.
        row: position of the query.

    Returns:
        index [G] into the gallery, nearest first; for each place ``right``, ``wrong`` or ``junk``
        (the query's person seen by the query's camera, which takes no rank).

    >>> import torch
    >>> gallery = Features(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8]]), ids=[1, 2, 1], cams=[1, 1, 0])
    >>> index, kinds = ranked_list(Features(torch.tensor([[1.0, 0.1]]), ids=[1], cams=[0]), gallery, 0)
    >>> index.tolist(), kinds
    ([1, 0, 2], ['wrong', 'right', 'junk'])
    """
    distance = -(gallery.vectors.double() @ query.vectors[row].double()).float().cpu().numpy()
    same = (gallery.ids == query.ids[row]).cpu().numpy()
    junk = np.zeros_like(same)
    if query.cams is not None and gallery.cams is not None:
        junk = same & (gallery.cams == query.cams[row]).cpu().numpy()
    order = np.lexsort((same, distance))
    return order, ["junk" if junk[i] else "right" if same[i] else "wrong" for i in order]


def first_found(
    query: Features, gallery: Features, row: int, images: np.ndarray, count: int = 6
) -> tuple[np.ndarray, list[bool]]:
    """The images that one query finds first, and whether each is right; junk takes no place.

    Args:
        query: Q queries.
        gallery: G images.
        row: position of the query.
        images: [G, H, W, 3], the pictures of the gallery.
        count: places to give.

    >>> import torch
    >>> gallery = Features(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), ids=[1, 2])
    >>> pictures, right = first_found(Features(torch.tensor([[1.0, 0.1]]), ids=[1]), gallery, 0, np.zeros((2, 4, 2, 3)))
    >>> len(pictures), right
    (2, [True, False])
    """
    order, kinds = ranked_list(query, gallery, row)
    places = [(i, kind == "right") for i, kind in zip(order.tolist(), kinds) if kind != "junk"][:count]
    return images[[i for i, _ in places]], [right for _, right in places]


def strip_of(
    query: Features, gallery: Features, ap: np.ndarray, images: RetrievalSplit, count: int = 12, target: float = 0.5
) -> Figure:
    """The strip (:func:`ranked_strip`) of the query whose AP lies nearest to a target among those
    that show junk.

    Args:
        query: Q queries.
        gallery: G images.
        ap: [Q] average precision of each query.
        images: their pictures.
        count: places to show.
        target: neither hopeless nor solved: one half.
    """
    near = np.argsort(np.abs(ap - target))  # NaN, a query without a positive, comes last
    nearest = None
    for row in near.tolist():
        order, kinds = ranked_list(query, gallery, row)
        nearest = nearest or (row, order, kinds)
        if "junk" in kinds[:count]:
            break
    else:  # no query shows junk
        assert nearest is not None
        row, order, kinds = nearest
    title = f"Query {images.query.keys[row]}: AP {100 * ap[row]:.1f} % over the whole list"
    return ranked_strip(
        images.query.images[row], list(images.gallery.images[order[:count]]), kinds[:count], title=title
    )


def ranked_strip(
    query: np.ndarray, gallery: Sequence[np.ndarray], kinds: Sequence[str], *, precision: bool = True, title: str = ""
) -> Figure:
    """A query and what was found, in order, framed by right, wrong and junk; below it the precision
    at each rank.

    Args:
        query: [H, W, 3] uint8.
        gallery: ranked images [H, W, 3].
        kinds: ``right``, ``wrong`` or ``junk`` for each of them (:func:`ranked_list`). Junk takes
            no rank.
        precision: draw the precision curve.
        title: above the strip.
    """
    if len(gallery) != len(kinds):
        raise ValueError(f"{len(gallery)} images but {len(kinds)} kinds")
    colours = {"right": RIGHT, "wrong": WRONG, "junk": JUNK}
    count = len(gallery)
    places = np.array([i for i, k in enumerate(kinds) if k != "junk"], dtype=np.int64)
    ranks = np.arange(1, len(places) + 1)
    with style():
        figure, ax = plt.subplots(figsize=(0.72 * (count + 1.8), 1.75 + 1.5 * precision))
        bare(ax)
        shown = [(-1.5, query, None), *((float(i), image, kind) for i, (image, kind) in enumerate(zip(gallery, kinds)))]
        for x, image, kind in shown:
            ax.imshow(image, extent=(x - 0.44, x + 0.44, 0.0, 1.76), zorder=1)
            if kind:
                frame = Rectangle((x - 0.44, 0), 0.88, 1.76, fill=False, ec=colours[kind], lw=3, zorder=2)
                ax.add_patch(frame)
            if kind == "junk":
                ax.plot([x - 0.44, x + 0.44], [0, 1.76], color=JUNK, lw=2, zorder=3)
        ax.text(-1.5, 1.86, "query", ha="center", va="bottom", fontsize="small")
        for place, rank in zip(places, ranks):
            ax.text(place, 1.86, str(rank), ha="center", va="bottom", fontsize="small")
        for place in np.setdiff1d(np.arange(count), places):
            ax.text(place, 1.86, "junk", ha="center", va="bottom", fontsize="small", color=JUNK)
        ax.set(xlim=(-2, count - 0.5), ylim=(-1.7 if precision else 0, 2.2), title=title)
        if precision:
            hits = np.array([kinds[i] == "right" for i in places], dtype=bool)
            curve = hits.cumsum() / ranks
            below = ax.inset_axes((-0.5, -1.45, count, 1.3), transform=ax.transData)
            below.plot(places, curve, color=JUNK, zorder=1)
            below.scatter(places[hits], curve[hits], color=RIGHT, zorder=2)
            below.set(xlim=(-0.5, count - 0.5), ylim=(0, 1.12), xticks=places, yticks=[0, 0.5, 1], ylabel="precision")
            below.set_xticklabels([str(r) for r in ranks])
            below.set_xlabel("rank (junk takes none)")
        return figure
