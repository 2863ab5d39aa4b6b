"""Which way a compatibility loss pulls a new vector, on a circle of old vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from rbcl_lite.plots.spaces import SHAPES
from rbcl_lite.plots.style import COMPATIBLE, INK, OLD, style

Loss = Callable[[Tensor], Tensor]
"""New vectors [N, 2] to their mean loss."""


def on_circle(degrees: np.ndarray | list[float]) -> Tensor:
    """Unit vectors [N, 2] at these angles.

    >>> on_circle([0.0, 90.0]).round().abs()
    tensor([[1., 0.],
            [0., 1.]])
    """
    angle = torch.deg2rad(torch.as_tensor(degrees, dtype=torch.float32))
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def pulls(loss: Loss, degrees: np.ndarray | list[float]) -> np.ndarray:
    """Minus the gradient of each vector's own loss along the circle; above zero it turns the vector
    towards larger angles.

    Args:
        loss: a mean over its rows.
        degrees: [N] places of the new vector.

    Returns:
        [N].

    >>> goal = on_circle([90.0])
    >>> [round(float(p)) for p in pulls(lambda new: ((new - goal) ** 2).sum(1).mean(), [0.0, 90.0, 180.0])]
    [2, 0, -2]
    """
    new = on_circle(degrees).requires_grad_()
    loss(new).backward()
    assert new.grad is not None
    tangent = torch.stack([-new[:, 1], new[:, 0]], dim=1).detach()
    return (-len(new) * (new.grad * tangent).sum(dim=1)).numpy()


def pull_curves(losses: Mapping[str, Loss], degrees: list[float], people: Tensor, *, own: int = 0) -> Figure:
    """The pull of each loss at every place of the circle, one panel below the other.

    Roots of the pulls are drawn, with their sign and as a share of the largest of the panel, so that
    small ones are seen.

    Args:
        losses: name to loss.
        degrees: [R] places of the old vectors; those of person 0 stand together.
        people: [R] person of each.
        own: the old vector of the image itself.
    """
    at = np.arange(-60.0, 300.5, 1.0)
    mine = [d for d, p in zip(degrees, people.tolist()) if p == people[own]]
    with style():
        figure, axes = plt.subplots(len(losses), 1, figsize=(5.2, 1.75 * len(losses)), sharex=True)
        for ax, (name, loss) in zip(np.atleast_1d(axes), losses.items()):
            pull = pulls(loss, at)
            root = np.sign(pull) * np.sqrt(np.abs(pull) / np.abs(pull).max())
            ax.axvspan(min(mine), max(mine), color=COMPATIBLE, alpha=0.15, lw=0)
            ax.axhline(0, color=INK, lw=0.8)
            ax.plot(at, root, color=COMPATIBLE)
            for person in people.unique().tolist():
                places = [d for d, p in zip(degrees, people.tolist()) if p == person]
                ax.scatter(places, [0.0] * len(places), marker=SHAPES[person], s=44, color=OLD, zorder=3)
            ax.scatter(degrees[own], 0.0, s=150, facecolors="none", edgecolors=OLD, lw=1.6, zorder=3)
            ax.set(ylim=(-1.15, 1.15), yticks=[-0.8, 0.8], yticklabels=["back", "on"])
            ax.set_title(name)
            ax.grid(axis="y", visible=False)
        ax.set_xlabel("place of the new vector, degrees")
        return figure
