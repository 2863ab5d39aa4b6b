"""Old and new feature spaces in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rbcl_lite.features import Features
from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, OLD, bare, style

COLOURS = {"old": OLD, "independent": INDEPENDENT, "compatible": COMPATIBLE}


def joint_map(parts: Sequence[Features], *, neighbours: int = 15, seed: int = 0) -> list[np.ndarray]:
    """One UMAP (McInnes et al. 2018) fitted on all parts together, by cosine distance.

    Fitted together, two spaces that do not meet stay apart in the picture.

    Args:
        parts: Features of one dimension.
        neighbours: UMAP's n_neighbors.
        seed: of UMAP.

    Returns:
        for each part its points [N, 2].
    """
    import warnings

    import umap

    everything = Features.concat(list(parts)).vectors.numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns that a fixed seed means one thread
        reducer = umap.UMAP(n_neighbors=min(neighbours, len(everything) - 1), metric="cosine", random_state=seed)
        points = reducer.fit_transform(everything)
    return np.split(points, np.cumsum([len(p) for p in parts])[:-1])


def draw_spaces(ax: Axes, points: Mapping[str, np.ndarray], ids: np.ndarray, people: Sequence[int] = ()) -> None:
    """Points of several models in one map; chosen people are ringed and numbered in every model.

    Args:
        ax: where to draw.
        points: [N, 2] for ``old``, ``independent`` or ``compatible``; row i is the same image in each.
        ids: [N] identity of each image.
        people: identities to point out.
    """
    bare(ax)
    for name, xy in points.items():
        ax.scatter(xy[:, 0], xy[:, 1], s=7, color=COLOURS[name], alpha=0.45, linewidths=0, label=f"{name} model")
        for person in people:
            mine = xy[ids == person]
            ax.scatter(mine[:, 0], mine[:, 1], s=34, facecolors="none", edgecolors=COLOURS[name], linewidths=1.2)
            ax.annotate(str(person), mine.mean(axis=0), color=COLOURS[name], weight="bold", ha="center", va="center")


def feature_spaces(
    old: Features, new: Mapping[str, Features], *, people: Sequence[int] = (), seed: int = 0, size: float = 4.6
) -> Figure:
    """One joint UMAP of old and new vectors per new model: do the two spaces meet?

    Args:
        old: vectors of the old model.
        new: vectors of the same images by new models, named ``independent`` and ``compatible``.
        people: identities to point out by number.
        seed: of UMAP.
        size: inches of one panel.

    Returns:
        a figure with one panel per new model.
    """
    with style():
        figure, axes = plt.subplots(1, len(new), figsize=(size * len(new), size), squeeze=False)
        ids = old.ids.numpy()
        for ax, (name, features) in zip(axes[0], new.items()):
            same = old.align(features) if old.keys and features.keys else features
            a, b = joint_map([old, same.fit(old.dim)], seed=seed)
            draw_spaces(ax, {"old": a, name: b}, ids, people)
            ax.set_title(f"old and {name} new")
            ax.legend(loc="lower left", markerscale=2.5)
        return figure


def arrows(
    old: Features, new: Features, name: str = "compatible", *, people: Sequence[int], seed: int = 0, size: float = 5.2
) -> Figure:
    """The map of the old space with an arrow from each query's old place to its new one.

    UMAP is fitted on the old vectors alone and then asked for the place of the new ones. It has no "nowhere":
    strangers are squeezed into some old cluster, so the picture needs the numbers beside it.

    Args:
        old: vectors of the old model.
        new: vectors of the same images by the new model.
        name: ``independent`` or ``compatible``, for the colour.
        people: identities whose arrows are drawn.
        seed: of UMAP.
        size: inches of the figure.
    """
    import warnings

    import umap

    new = old.align(new).fit(old.dim)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(metric="cosine", random_state=seed).fit(old.vectors.numpy())
        a, b = reducer.embedding_, reducer.transform(new.vectors.numpy())
    with style():
        figure, ax = plt.subplots(figsize=(size, size))
        bare(ax)
        ax.scatter(a[:, 0], a[:, 1], s=7, color=OLD, alpha=0.35, linewidths=0)
        for i in torch.isin(old.ids, torch.as_tensor(list(people))).nonzero()[:, 0].tolist():
            ax.annotate(
                "", b[i], a[i], arrowprops={"arrowstyle": "->", "color": COLOURS[name], "lw": 1.1, "alpha": 0.8}
            )
        return figure
