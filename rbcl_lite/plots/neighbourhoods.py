"""Neighbourhoods forming in a memory: a map that moves from epoch to epoch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from rbcl_lite.plots.frames import stepper
from rbcl_lite.plots.style import INK, LEARNER_COLOURS, PEOPLE_COLOURS, RIGHT, WRONG, bare

LINES = (LEARNER_COLOURS["ecn"], INK)


def moving_map(snapshots: Sequence[np.ndarray], *, seed: int = 0) -> list[np.ndarray]:
    """A t-SNE map (van der Maaten and Hinton 2008) of each snapshot, begun at the places of the one
    before it.

    Args:
        snapshots: each [N, D] unit rows; row i is the same image in all of them.
        seed: of t-SNE.

    Returns:
        for each snapshot its points [N, 2], centred, in 0..1 of the largest distance from the
        centre.
    """
    from sklearn.manifold import TSNE

    perplexity = min(15.0, (len(snapshots[0]) - 1) / 3)
    places: list[np.ndarray] = []
    start: Any = "pca"
    for keys in snapshots:
        tsne = TSNE(init=start, metric="cosine", perplexity=perplexity, learning_rate=50.0, random_state=seed)
        points = tsne.fit_transform(np.asarray(keys, np.float32))
        points = points - points.mean(axis=0)
        places.append(points / np.linalg.norm(points, axis=1).max())
        start = (1e-1 * places[-1]).astype(np.float32)  # t-SNE wants a start that is small
    return places


def neighbourhood_frames(
    snapshots: Sequence[np.ndarray],
    people: np.ndarray,
    titles: Sequence[str],
    measures: Mapping[str, Sequence[float]],
    alt: str,
    *,
    chance: Mapping[str, float] | None = None,
    nearest: int = 3,
    seed: int = 0,
) -> Any:
    """Frames that play without a kernel: keys of a few people, lines to their nearest keys, and
    curves.

    A line joins a key with each of its ``nearest`` keys among those shown: green and solid to the
    same person, red and dashed to another.

    Args:
        snapshots: each [N, D] unit rows of the images shown.
        people: [N] who is on each; colour and shape of a point.
        titles: one per snapshot.
        measures: name of a curve to its values, one per snapshot, 0..1.
        alt: description for those who do not see it; each frame's title is added.
        chance: name of a curve to what a blind choice would give, a thin line.
        nearest: lines of a key.
        seed: of the map.

    Returns:
        an ``IPython.display.HTML`` with all frames inside, the last one shown first
        (:func:`~rbcl_lite.plots.frames.stepper`).

    Raises:
        ValueError: numbers of snapshots, titles or values that differ.
    """
    lengths = {len(snapshots), len(titles), *map(len, measures.values())}
    if len(lengths) != 1:
        raise ValueError(f"one title and one value of each curve per snapshot are needed, got {sorted(lengths)}")
    places = moving_map(snapshots, seed=seed)
    links = [_links(np.asarray(keys), nearest) for keys in snapshots]
    highest = max(max(values) for values in measures.values())

    def draw(now: int) -> Figure:
        figure, (ax, right) = plt.subplots(1, 2, figsize=(9.2, 4.6), width_ratios=(1.15, 1))
        bare(ax).set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), aspect="equal", title=titles[now])
        points, pairs = places[now], links[now]
        same = people[pairs[:, 0]] == people[pairs[:, 1]]
        for which, colour, dashes in ((same, RIGHT, "-"), (~same, WRONG, "--")):
            ax.add_collection(LineCollection(list(points[pairs[which]]), colors=colour, lw=0.8, alpha=0.6, ls=dashes))
        looks = zip(itertools.cycle("osD^vPX*"), itertools.cycle(PEOPLE_COLOURS))
        for person, (shape, colour) in zip(np.unique(people), looks):
            ax.plot(*points[people == person].T, shape, ms=5.5, color=colour, mec="white", mew=0.5)
        for (name, values), colour in zip(measures.items(), itertools.cycle(LINES)):
            right.plot(range(1, len(values) + 1), values, ":", color=colour, lw=1)
            right.plot(range(1, now + 2), values[: now + 1], "-o", color=colour, markevery=[-1], label=name)
            if chance and name in chance:
                right.axhline(chance[name], color=colour, lw=0.8, ls=(0, (6, 4)))
        ticks = range(1, len(titles) + 1, max(1, len(titles) // 6))
        right.set(xlabel="snapshot of the memory", ylim=(0, 1.15 * highest), xticks=ticks)
        right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
        return figure

    alts = [f"{alt} This frame: {title}." for title in titles]
    return stepper(draw, titles, alts, name="snapshot", start=len(titles) - 1, play=True)


def _links(keys: np.ndarray, nearest: int) -> np.ndarray:
    """[N * nearest, 2] each row with one of its nearest other rows."""
    similarity = keys @ keys.T
    np.fill_diagonal(similarity, -np.inf)
    found = np.argsort(-similarity, axis=1, kind="stable")[:, :nearest]
    return np.stack([np.repeat(np.arange(len(keys)), found.shape[1]), found.ravel()], axis=1)
