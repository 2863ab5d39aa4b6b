"""Figures of agents: a query, its batch and its agents on the old map, and their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.figure import Figure

from rbcl_lite.plots.style import INK, METHOD_COLOURS, OLD, RIGHT, WRONG, bare, style

AGENT = METHOD_COLOURS["mixbct"]
"""Agents, in every figure of them."""

ROLES = {  # name: marker, colour, size; drawn in this order
    "its batch": ("s", METHOD_COLOURS["contrastive"], 34),
    "its agents": ("^", AGENT, 52),
    "the same person": ("o", RIGHT, 40),
    "hardest in the batch": ("s", WRONG, 70),
    "query": ("*", INK, 240),
}


def agents_map(points: np.ndarray, roles: Mapping[str, Sequence[int]], *, size: float = 5.6) -> Figure:
    """The old space with one query, the batch it was drawn into, and its agents.

    Args:
        points: [N, 2] places of old vectors, for example by
            :func:`rbcl_lite.plots.spaces.joint_map`.
        roles: name in :data:`ROLES` to rows of ``points``; all others are faint dots.
        size: inches of the figure.

    Raises:
        ValueError: an unknown role.
    """
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise ValueError(f"unknown role {sorted(unknown)[0]!r}: choose among {', '.join(ROLES)}")
    with style():
        figure, ax = plt.subplots(figsize=(1.25 * size, size))
        bare(ax)
        ax.scatter(points[:, 0], points[:, 1], s=5, color=OLD, alpha=0.3, linewidths=0, label="old vectors")
        for name, (marker, colour, area) in ROLES.items():
            if name in roles:
                xy = points[np.asarray(roles[name], dtype=np.int64)]
                ax.scatter(
                    xy[:, 0],
                    xy[:, 1],
                    s=area,
                    marker=marker,
                    color=colour,
                    edgecolors="white",
                    linewidths=0.8,
                    label=name,
                )
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


def agent_strips(images: np.ndarray, rows: Sequence[tuple[int, int, Sequence[int]]], *, height: float = 1.5) -> Figure:
    """For some images: the person, the hardest negative of the batch, and the agents, nearest
    first.

    Args:
        images: [N, H, W, 3] uint8.
        rows: for each strip the positions of (image, hardest negative in its batch, agents); as
            many agents in each.
        height: inches of a row.
    """
    agents = len(rows[0][2])
    if any(len(found) != agents for _, _, found in rows):
        raise ValueError("every strip needs the same number of agents")
    shape = images.shape
    columns = 2 + agents
    width = 1.2 * columns * height * shape[2] / shape[1]
    with style():
        figure, axes = plt.subplots(
            len(rows), columns, figsize=(max(width, 5.0), (height + 0.15) * len(rows)), squeeze=False
        )
        for line, (image, hardest, found) in zip(axes, rows):
            for ax, row, colour in zip(line, (image, hardest, *found), (RIGHT, WRONG, *[AGENT] * agents)):
                bare(ax).imshow(images[row])
                for spine in ax.spines.values():
                    spine.set(visible=True, color=colour, linewidth=3)
        for ax, title in zip(axes[0], ("person", "in batch", "agent 1", *map(str, range(2, agents + 1)))):
            ax.set_title(title, fontsize="small")
        return figure


def coverage_curves(seen: pd.DataFrame) -> Figure:
    """What references see of the old space, over their number: agents against random old vectors.

    Args:
        seen: index (``agents`` or ``random``, k); columns ``references``, ``coverage in %`` and
            ``median rank`` (:func:`rbcl_lite.experiments.close_up.seen.seen_table`).
    """
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.4))
        for kind, colour, dash in (("agents", AGENT, "-"), ("random", OLD, "--")):
            line = seen.loc[kind]
            for ax, column in zip(axes, ("coverage in %", "median rank")):
                ax.plot(line["references"], line[column], marker="o", ms=5, color=colour, ls=dash, label=kind)
        axes[0].set(ylim=(0, 1.1 * seen["coverage in %"].max()), ylabel="slopes that are seen, in %")
        axes[1].set(yscale="log", ylabel="median rank of the hardest seen")
        axes[1].yaxis.set_major_formatter("{x:g}")
        axes[1].yaxis.set_minor_formatter(ticker.NullFormatter())
        for ax in axes:
            ax.set_xlabel("references of the batch")
        axes[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
        return figure
