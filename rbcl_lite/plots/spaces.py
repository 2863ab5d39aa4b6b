"""Feature spaces, old and new in one picture."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import KDTree

from rbcl_lite.features import Features
from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, OLD, bare, style

COLOURS = {"old": OLD, "independent": INDEPENDENT, "compatible": COMPATIBLE}
SHAPES = "osD^vPX*hp"
"""One marker for each person that is pointed out; they come again after ten."""


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
    everything = Features.concat(list(parts)).vectors.numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns that a fixed seed means one thread, its import of tqdm's widgets
        points = _umap(n_neighbors=min(neighbours, len(everything) - 1), random_state=seed).fit_transform(everything)
    return np.split(points, np.cumsum([len(p) for p in parts])[:-1])


def _umap(**options: Any) -> Any:
    """A UMAP by cosine distance; its import takes seconds, so it waits until a map is asked for."""
    try:
        import umap
    except ModuleNotFoundError:
        raise ImportError('maps of feature spaces need umap: pip install "rbcl-lite[plots]"') from None
    return umap.UMAP(metric="cosine", **options)


def draw_spaces(ax: Axes, points: Mapping[str, np.ndarray], ids: np.ndarray, people: Sequence[int] = ()) -> None:
    """Points of several models in one map: colour is the model, shape is the person.

    Args:
        ax: where to draw.
        points: [N, 2] for ``old``, ``independent`` or ``compatible``; row i is the same image in
            each.
        ids: [N] identity of each image.
        people: identities to point out by a shape; everybody else is a faint dot.
    """
    bare(ax)
    for name, xy in points.items():
        ax.scatter(xy[:, 0], xy[:, 1], s=6, color=COLOURS[name], alpha=0.75, linewidths=0)
        ax.scatter([], [], s=40, color=COLOURS[name], label=f"{name} model" if name == "old" else f"{name} new model")
    for name, xy in points.items():  # on top of every faint dot
        for person, shape in zip(people, itertools.cycle(SHAPES)):
            mine = xy[ids == person]
            ax.scatter(
                mine[:, 0], mine[:, 1], s=52, marker=shape, color=COLOURS[name], edgecolors="white", linewidths=0.7
            )


def feature_spaces(
    old: Features, new: Mapping[str, Features], *, people: Sequence[int] = (), seed: int = 0, size: float = 4.6
) -> Figure:
    """One joint UMAP of old and new vectors per new model: do the two spaces meet?

    Args:
        old: vectors of the old model.
        new: vectors of the same images by new models, named ``independent`` and ``compatible``.
        people: identities to point out, one shape each.
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
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2)
        return figure


def old_map(old: Features, new: Mapping[str, Features], *, seed: int = 0) -> dict[str, np.ndarray]:
    """One UMAP (McInnes et al. 2018) fitted on the old vectors alone, and asked for the places of
    others.

    It has no "nowhere": whatever it is asked for lands among the old points, strangers too.
    :func:`squeezed` measures that, and a picture made from this map needs the number beside it.

    Args:
        old: N vectors of the old model.
        new: other vectors under any name; wider ones are cut by
            :func:`~rbcl_lite.features.fit_dimension`.
        seed: of UMAP.

    Returns:
        places [N, 2] of ``old``, and under each name those of the others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = _umap(random_state=seed).fit(old.vectors.numpy())
        places = {name: reducer.transform(features.fit(old.dim).vectors.numpy()) for name, features in new.items()}
    return {"old": reducer.embedding_, **places}


def squeezed(old: np.ndarray, points: np.ndarray) -> float:
    """Share of points that lie inside the old clusters of a map.

    Inside means: as near to some old point as 95 % of the old points are to their nearest other
    one.

    Args:
        old: [N, 2] places of old vectors.
        points: [M, 2] places of others.

    Returns:
        0 to 1.

    >>> old = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> squeezed(old, np.array([[0.5, 0.5], [9.0, 9.0]]))
    0.5
    """
    tree = KDTree(old)
    reach = np.quantile(tree.query(old, k=2)[0][:, 1], 0.95)
    return float((tree.query(points)[0] <= reach).mean())


def arrows(places: Mapping[str, np.ndarray], ids: np.ndarray, *, people: Sequence[int], size: float = 4.6) -> Figure:
    """The map of the old space with an arrow from each query's old place to its new one; one panel
    per new model.

    Args:
        places: [N, 2] under ``old`` and under ``independent`` or ``compatible``, as :func:`old_map`
            gives them; row i is the same image in each.
        ids: [N] identity of each image.
        people: identities whose arrows are drawn; their old places carry a shape each.
        size: inches of one panel.
    """
    old, names = places["old"], [name for name in places if name != "old"]
    with style():
        figure, axes = plt.subplots(1, len(names), figsize=(size * len(names), size), squeeze=False)
        for ax, name in zip(axes[0], names):
            draw_spaces(ax, {"old": old}, ids, people)
            for i in np.flatnonzero(np.isin(ids, list(people))):
                look = {"arrowstyle": "->", "color": COLOURS[name], "lw": 1.1, "alpha": 0.8}
                ax.annotate("", places[name][i], old[i], arrowprops=look)
            ax.scatter([], [], s=40, color=COLOURS[name], marker=r"$\rightarrow$", label=f"{name} new model")
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2)
        return figure
