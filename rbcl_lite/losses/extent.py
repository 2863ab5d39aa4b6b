"""Extent of a class, outliers left out."""

from __future__ import annotations

import torch
from torch import Tensor


def class_extent(values: Tensor, labels: Tensor, num_classes: int, *, reach: float = 1.5) -> Tensor:
    r"""Largest value of each class after outliers are left out: those above :math:`Q_3 + 1.5\,(Q_3
    - Q_1)`.

    Args:
        values: [N] distances or angles.
        labels: [N] integers in 0..num_classes-1, each class at least once.
        num_classes: number of classes C.
        reach: how many interquartile ranges above the third quartile a value may lie.

    Returns:
        [C].

    >>> class_extent(torch.tensor([1.0, 2.0, 3.0, 4.0, 40.0]), torch.zeros(5, dtype=torch.long), 1)
    tensor([4.])
    """
    quarters = torch.tensor([0.25, 0.75], dtype=values.dtype, device=values.device)
    extents = []
    for members in torch.argsort(labels, stable=True).split(torch.bincount(labels, minlength=num_classes).tolist()):
        own = values[members]
        low, high = torch.quantile(own, quarters)
        extents.append(own[own <= high + reach * (high - low)].max())
    return torch.stack(extents) if extents else values.new_zeros(0)
