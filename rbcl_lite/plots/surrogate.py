"""Figures of the ranking surrogate: average precision, exact and smooth, as τ shrinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from rbcl_lite.losses.list_ap import list_ap
from rbcl_lite.plots.style import COMPATIBLE, INK, METHOD_COLOURS, OLD, RIGHT, WRONG, style


def surrogate_frame(temperature: float, scores: Tensor, positive: Tensor, moving: int) -> Figure:
    """Step and sigmoid; AP while one positive moves through a list; the slope of that curve.

    Args:
        temperature: tau, above 0.
        scores: [R] similarities of the list.
        positive: bool [R].
        moving: position of the positive that is moved.
    """
    x = torch.linspace(float(scores.min()) - 0.12, float(scores.max()) + 0.12, 1201, dtype=torch.float64)
    lists = scores.double().repeat(len(x), 1)
    lists[:, moving] = x
    exact = list_ap(lists, positive)
    lists.requires_grad_()
    smooth = list_ap(lists, positive, temperature)
    slope = torch.autograd.grad(smooth.sum(), lists)[0][:, moving]
    gap = torch.linspace(-0.25, 0.25, 1001)
    with style():
        figure, axes = plt.subplots(1, 3, figsize=(9.4, 3.1), gridspec_kw={"width_ratios": [1, 1.5, 1.5]})
        axes[0].plot(gap, (gap >= 0).float(), color=OLD, lw=1.6, label="step")
        axes[0].plot(gap, torch.sigmoid(gap / temperature), color=COMPATIBLE, label="sigmoid")
        axes[0].set(title="stands before?", xlabel="gap of similarities", ylim=(-0.05, 1.05))
        axes[0].legend(loc="upper left", fontsize="small")
        axes[1].plot(x, exact, color=OLD, lw=1.6, drawstyle="steps-post", label="exact AP")
        axes[1].plot(x, smooth.detach(), color=COMPATIBLE, label="smooth AP")
        axes[1].set(title="AP as one positive moves", xlabel="its similarity", ylim=(0.15, 1.05))
        axes[1].legend(loc="upper left", fontsize="small")
        axes[2].semilogy(x, slope.abs().clamp_min(1e-12), color=COMPATIBLE)
        axes[2].set(title="size of the slope of smooth AP", xlabel="its similarity", ylim=(1e-6, 1e3))
        for ax in axes[1:]:
            for i, score in enumerate(scores.tolist()):
                if i != moving:
                    colour, line = (RIGHT, "-") if positive[i] else (WRONG, "--")
                    ax.axvline(score, ymax=0.07, color=colour, ls=line, lw=2)
        figure.suptitle(f"τ = {temperature:g}", color=INK, x=0.01, ha="left")
        return figure


def temperature_curve(table: pd.DataFrame, exact: float) -> Figure:
    """Smooth mAP and the share of dead pairs over the temperature.

    Args:
        table: index the temperatures; columns ``smooth mAP in %`` and ``dead pairs in %``.
        exact: mAP in per cent.
    """
    dead = METHOD_COLOURS["supap"]
    with style():
        figure, ax = plt.subplots(figsize=(6.6, 3.2))
        ax.axhline(exact, color=OLD, ls="--", lw=1.2, label="exact mAP")
        ax.semilogx(table.index, table["smooth mAP in %"], color=COMPATIBLE, marker="o", label="smooth mAP")
        ax.semilogx(table.index, table["dead pairs in %"], color=dead, marker="s", ls=":", label="dead pairs")
        ax.invert_xaxis()
        ax.set(xlabel="temperature τ (smaller to the right)", ylabel="%", ylim=(0, 100))
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize="small")
        return figure


def ranking_history(history: pd.DataFrame, weight: float) -> Figure:
    """Smooth AP within the batch, and the share of dead pairs, over the epochs of a run with a
    ranking method.

    Args:
        history: columns ``epoch``, ``compatibility`` (weight included) and ``saturation``.
        weight: lambda of the run.
    """
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.0))
        epoch = history["epoch"] + 1
        smooth = 100 * (1 - history["compatibility"] / weight)
        axes[0].plot(epoch, smooth, color=METHOD_COLOURS["smooth-ap"], marker="o")
        axes[0].set(xlabel="epoch", ylabel="smooth AP within the batch, %")
        axes[1].plot(epoch, 100 * history["saturation"], color=METHOD_COLOURS["supap"], marker="s")
        axes[1].set(xlabel="epoch", ylabel="dead pairs, %", ylim=(0, 100))
        return figure


def place_or_order(angles: Tensor, curves: Mapping[str, Sequence[float]], marks: Mapping[float, bool]) -> Figure:
    """Losses over the angle of a new vector: imitation, exact and smooth ranking, in this order.

    Args:
        angles: [A] degrees.
        curves: label to A values; the first is imitation, the second the exact ranking loss.
        marks: angle of an old vector to whether it shows the query's person.
    """
    with style():
        figure, ax = plt.subplots(figsize=(6.8, 3.3))
        for (label, values), colour in zip(curves.items(), (METHOD_COLOURS["l2"], OLD, COMPATIBLE)):
            ax.plot(angles, values, color=colour, label=label)
        for angle, right in marks.items():
            colour, dash = (RIGHT, "-") if right else (WRONG, "--")
            ax.axvline(angle, ymax=0.06, color=colour, ls=dash, lw=2.5)
        ax.set(xlabel="angle of the new vector, degrees", ylabel="loss")
        ax.legend(fontsize="small", loc="upper center")
        return figure
