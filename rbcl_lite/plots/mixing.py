"""Figures of mixed batches: who receives a gradient, and clouds of vectors on a globe."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from rbcl_lite.plots.spaces import SHAPES
from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, INK, METHOD_COLOURS, OLD, style


def gradient_rows(
    gradient: Tensor, replaced: Tensor, labels: Tensor, weight_gradient: Tensor, *, height: float = 6.0
) -> Figure:
    """Which rows of a mixed batch receive a gradient: its size in each coordinate, per row, and per
    classifier row.

    Args:
        gradient: [B, D] of the loss for the new vectors.
        replaced: bool [B], rows that were replaced by old vectors.
        labels: [B] class of each row; the images of a class stand together.
        weight_gradient: [C, D] of the loss for the classifier.
        height: inches.
    """
    size, norms = gradient.abs().numpy(), gradient.norm(dim=1).numpy()
    old, rows = replaced.numpy(), np.arange(len(norms))
    people, first, count = np.unique(labels.numpy(), return_index=True, return_counts=True)
    with style():
        figure, axes = plt.subplots(
            1, 3, figsize=(8.6, height), sharey=True, gridspec_kw={"width_ratios": [2.4, 1.2, 1.2]}
        )
        shade = LinearSegmentedColormap.from_list("gradient", [f"{COMPATIBLE}00", f"{COMPATIBLE}e0"])  # on any page
        limit = max(float(np.quantile(size[~old], 0.98)) if (~old).any() else 0.0, 1e-12)
        axes[0].imshow(size, aspect="auto", cmap=shade, vmin=0, vmax=limit, interpolation="nearest")
        axes[0].barh(rows[old], size.shape[1], left=-0.5, height=1, color=OLD, lw=0)
        axes[0].set(title="gradient by coordinate", xlabel="coordinate", ylabel="row of the batch")
        axes[1].barh(rows, norms, height=0.8, color=COMPATIBLE)
        axes[1].scatter(np.zeros(old.sum()), rows[old], marker="s", s=14, color=OLD, clip_on=False, zorder=3)
        axes[1].set(title="norm per row", xlabel="norm")
        axes[1].spines["left"].set_visible(False)  # the squares of the old rows stand in its place
        middle = first + (count - 1) / 2
        axes[2].barh(middle, weight_gradient.norm(dim=1).numpy()[people], height=count * 0.85, color=INK)
        axes[2].set(title="classifier, per person", xlabel="norm")
        for ax in axes:
            ax.grid(False)
            for line in first[first > 0]:
                ax.axhline(line - 0.5, color=INK, lw=0.4, alpha=0.6)
        axes[0].set_ylim(len(norms) - 0.5, -0.5)
        return figure


def draw_globe(
    ax: Axes, clouds: Mapping[str, tuple[Tensor, str]], labels: Tensor, weight: Tensor | None = None
) -> None:
    """Vectors of three coordinates on a map of the sphere: colour is the model, shape is the
    person.

    Args:
        ax: axes with the projection ``mollweide``.
        clouds: name to (vectors [N, 3], colour).
        labels: [N] person of each vector.
        weight: [C, 3] rows of a classifier, drawn as large hollow shapes.
    """

    def place(x: Tensor) -> tuple[np.ndarray, np.ndarray]:
        unit = torch.nn.functional.normalize(x.detach(), dim=1)
        return torch.atan2(unit[:, 1], unit[:, 0]).numpy(), unit[:, 2].clamp(-1, 1).asin().numpy()

    ax.set_xticklabels([])
    ax.set_yticklabels([])
    ax.grid(True, alpha=0.35, lw=0.6)
    people = range(int(labels.max()) + 1)
    for name, (vectors, colour) in clouds.items():
        for person, shape in zip(people, itertools.cycle(SHAPES)):
            x, y = place(vectors[labels == person])
            ax.scatter(x, y, s=24, marker=shape, color=colour, alpha=0.75, lw=0, label=None if person else name)
    if weight is not None:
        for person, shape in zip(people, itertools.cycle(SHAPES)):
            x, y = place(weight[person : person + 1])
            label = None if person else "classifier"
            ax.scatter(x, y, s=150, marker=shape, facecolors="none", edgecolors=INK, lw=1.6, label=label)


def width_panels(
    old_width: Tensor, moved: Tensor, new_width: Tensor, known: Tensor, *, colour: str = METHOD_COLOURS["mixbct"]
) -> Figure:
    """Does the width of a person's old cloud say how far the person moved, and how wide the new
    cloud is?

    Args:
        old_width: [C] degrees.
        moved: [C] degrees between the centres of the old and the new vectors.
        new_width: [C] degrees.
        known: bool [C], people whom the old model was trained on.
        colour: of the others.
    """
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.6))
        for ax, value, label in zip(axes, (moved, new_width), ("old to new centre", "width of the new cloud")):
            for group, name, look in (
                (~known, "not known to it", {"facecolors": "none", "edgecolors": colour, "lw": 0.9}),
                (known, "known to the old model", {"color": INK, "lw": 0}),
            ):
                ax.scatter(old_width[group], value[group], s=14, label=name, **look)
            ax.set(xlabel="width of the old cloud, degrees", ylabel=f"{label}, degrees")
        middle = float(old_width.mean())
        axes[1].axline((middle, middle), slope=1, color=OLD, ls="--", lw=1)
        axes[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize="small")
        return figure


def ratio_curve(sweep: pd.DataFrame, alone: pd.Series) -> Figure:
    """New/old and new/new mAP over the mixing ratio.

    Args:
        sweep: columns ``weight``, ``new_old`` and ``new_new`` in per cent
            (:func:`rbcl_lite.experiments.tables.runs.curve`).
        alone: ``old_old`` and ``new_new`` of the independent model.
    """
    colour = METHOD_COLOURS["mixbct"]
    with style():
        figure, ax = plt.subplots(figsize=(6.6, 3.4))
        ax.axhline(alone["old_old"], color=OLD, ls="--", lw=1.2, label="old/old")
        ax.axhline(alone["new_new"], color=INDEPENDENT, ls="--", lw=1.2, label="independent new/new")
        ax.plot(sweep["weight"], sweep["new_old"], color=colour, marker="s", label="MixBCT new/old")
        ax.plot(sweep["weight"], sweep["new_new"], color=colour, marker="o", ls=":", label="MixBCT new/new")
        ax.set(xlabel="share of the batch that is replaced", ylabel="mAP in %", xlim=(0, None))
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
        return figure


def globes(
    shown: Mapping[str, tuple[Tensor, Tensor]],
    stored: Tensor,
    labels: Tensor,
    *,
    size: tuple[float, float] = (9.2, 2.9),
) -> Figure:
    """One globe for each training: old vectors, new ones, and the rows of the classifier.

    Args:
        shown: title to (new vectors [N, 3], classifier [C, 3]); the first is the one without mixing.
        stored: [N, 3] old vectors.
        labels: [N] person of each row.
        size: inches.
    """
    with style():
        figure = plt.figure(figsize=size)
        for place, (title, (vectors, rows)) in enumerate(shown.items()):
            ax = figure.add_subplot(1, len(shown), place + 1, projection="mollweide")
            name, colour = ("new, compatible", COMPATIBLE) if place else ("new, independent", INDEPENDENT)
            draw_globe(ax, {"old": (stored, OLD), name: (vectors, colour)}, labels, rows)
            ax.set_title(title)
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize="small")
        return figure


def teachers(widths: pd.DataFrame) -> Figure:
    """Imitation and mixing over the width of the old cloud: what is found, and how far vectors spread.

    Args:
        widths: index the width; columns ``imitation``, ``mixing``, ``old spread`` and ``spread``
            (:func:`rbcl_lite.experiments.close_up.globe.compare_teachers`).
    """
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.1))
        looks = (("imitation", METHOD_COLOURS["l2"], "o"), ("mixing", METHOD_COLOURS["mixbct"], "s"))
        for ax, columns in zip(axes, (("imitation", "mixing"), ("old spread", "spread"))):
            for column, (name, colour, mark) in zip(columns, looks):
                ax.plot(widths.index, widths[column], color=colour, marker=mark, label=name)
            ax.set_xlabel("width of the old cloud, radians")
        axes[0].set_ylabel("new/old mAP in %")
        axes[1].set_ylabel("spread of new vectors, degrees")
        axes[0].legend(loc="lower left")
        return figure
