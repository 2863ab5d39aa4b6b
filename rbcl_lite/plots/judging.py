"""Figures about judgement: what a ratio, a mean and a single seed hide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rbcl_lite.metrics.interval import reach
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, INK, METHOD_COLOURS, OLD, PLAIN_COLOURS, style


def seed_dots(differences: Mapping[str, Sequence[float]], *, label: str) -> Figure:
    """For each method its differences, a ring for each seed, and their mean with its 95 % interval
    (Student's t).

    Args:
        differences: method to its differences in points, one for each seed.
        label: of the horizontal axis.

    Raises:
        ValueError: a method with fewer than two seeds, which have no interval; it is named.
    """
    with style():
        figure, ax = plt.subplots(figsize=(6.4, 0.55 * len(differences) + 1.1))
        ax.axvline(0, color=INK, ls="--", lw=1.2)
        for line, (method, values) in enumerate(differences.items()):
            points, colour = np.asarray(values, dtype=float), METHOD_COLOURS.get(method, OLD)
            if len(points) < 2:
                raise ValueError(f"{method} has {len(points)} seed: an interval takes at least two")
            ax.errorbar(points.mean(), line, xerr=reach(points), fmt="o", ms=6, capsize=4, color=colour)
            ax.scatter(points, np.full(len(points), line - 0.28), s=22, fc="none", ec=colour, lw=1.2)
        ax.set(yticks=range(len(differences)), yticklabels=list(differences), xlabel=label)
        ax.set_ylim(-0.7, len(differences) - 0.5)
        ax.grid(axis="y", visible=False)
        return figure


def gain_fan(upgrade: float = 1.0, noise: float = 0.5, possible: tuple[float, float] = (0.6, 20.0)) -> Figure:
    """The update gain of one upgrade over what a complete backfill could bring, with and without
    noise in new/old.

    Args:
        upgrade: new/old minus old/old, in points.
        noise: that may be added or taken away, in points.
        possible: range of the denominator, independent new/new minus old/old, in points.
    """
    x = np.linspace(*possible, 200)
    with style():
        figure, ax = plt.subplots(figsize=(6.4, 3.2))
        ax.fill_between(x, (upgrade - noise) / x, (upgrade + noise) / x, color=COMPATIBLE, alpha=0.2, lw=0)
        for points, line in ((upgrade - noise, ":"), (upgrade, "-"), (upgrade + noise, "--")):
            ax.plot(x, points / x, color=COMPATIBLE, ls=line, label=f"new/old − old/old, points: {points:g}")
        ax.set(xlabel="independent new/new − old/old, points of mAP", ylabel="update gain G", ylim=(0, 2.6))
        ax.legend(loc="upper right")
        return figure


def flips_scatter(upgrades: Mapping[str, tuple[RankingResult, RankingResult]]) -> Figure:
    """The AP of each query before and after an upgrade, one panel for each; below the diagonal a
    query got worse.

    Args:
        upgrades: name to (old/old, new/old); ``independent`` has its own colour, all others that of
            compatible models.
    """
    with style():
        figure, axes = plt.subplots(1, len(upgrades), figsize=(4 * len(upgrades), 3.9), sharey=True, squeeze=False)
        for ax, (name, (before, after)) in zip(axes[0], upgrades.items()):
            colour = INDEPENDENT if name == "independent" else COMPATIBLE
            ax.plot([0, 1], [0, 1], color=INK, lw=1, ls="--")
            ax.scatter(before.ap, after.ap, s=11, color=colour, alpha=0.5, lw=0)
            ax.set(title=f"{name} new model", xlabel="AP before (old/old)", aspect="equal")
        axes[0, 0].set_ylabel("AP after (new/old)")
        return figure


def loss_curves(losses: Mapping[str, Sequence[float]], *, every: int = 10) -> Figure:
    """The loss of each step of a training, averaged over a few steps.

    Args:
        losses: ``old`` and other models to the loss of each step.
        every: steps of a mean; fewer where a training is short.
    """
    with style():
        figure, ax = plt.subplots(figsize=(6.4, 3.0))
        for name, values in losses.items():
            width = max(1, min(every, len(values) // 4))
            means = np.convolve(values, np.full(width, 1 / width), mode="valid")
            ax.plot(np.arange(len(means)) + width, means, color=OLD if name == "old" else INDEPENDENT, label=name)
        ax.set(xlabel="step", ylabel="cross-entropy", ylim=(0, None))
        ax.legend(loc="upper right")
        return figure


def person_or_camera(person: np.ndarray, camera: np.ndarray, *, label: str) -> Figure:
    """What a distance goes by: histograms of the pairs of one person at different cameras, and of different people at
    one camera.

    Args:
        person: distances of the first kind, any number.
        camera: distances of the second kind.
        label: of the horizontal axis.
    """
    bins = np.linspace(0, max(person.max(), camera.max()), 60).tolist()
    with style():
        figure, ax = plt.subplots(figsize=(6.6, 3))
        for values, colour, name in (
            (person, PLAIN_COLOURS[1], "same person, different cameras"),
            (camera, PLAIN_COLOURS[2], "different people, same camera"),
        ):
            ax.hist(values, bins, density=True, color=colour, alpha=0.6, label=name)
        ax.set(xlabel=label, yticks=[])
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
        return figure
