"""Distance of unit vectors, with a gradient that stays finite where two coincide."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def unit_distances(a: Tensor, b: Tensor) -> Tensor:
    r"""Distances between the directions of all rows, :math:`\sqrt{2 - 2 \cos(a_i, b_j)}`.

    Args:
        a: [N, D], any length.
        b: [M, D], any length.

    Returns:
        [N, M], between 0 and 2. Where two directions coincide the value is 1e-6 and the gradient is
        zero.

    >>> import torch
    >>> unit_distances(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0], [-3.0, 0.0]]))
    tensor([[1.4142, 2.0000]])
    """
    cosine = F.normalize(a, dim=1) @ F.normalize(b, dim=1).t()  # [N, M]
    # The slope of the square root is infinite at 0; clamping before it cuts the gradient there.
    return (2 - 2 * cosine).clamp_min(1e-12).sqrt()
