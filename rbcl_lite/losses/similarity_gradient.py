"""Gradient of a ranking loss in each similarity, one query at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Query [B, D], reference [R, D] and their identities to a scalar, as the ranking losses take them.
"""

ACTIVE = 5.99
"""From this many temperatures on a sigmoid has less than 1 % of its largest slope."""


def similarity_gradient(loss: Loss, cosines: Sequence[float] | Tensor, positives: int = 1) -> Tensor:
    """Gradient of a loss in each cosine between one query and R references.

    The query is the first unit vector; reference j lies in the plane of it and of a direction of
    its own, so moving the query in that direction changes the cosine with j alone, by sqrt(1 -
    s_j^2) per unit.

    Args:
        loss: for example :func:`rbcl_lite.losses.smooth_ap_loss`.
        cosines: [R], inside (-1, 1); the positives first.
        positives: how many of them show the query's person.

    Returns:
        [R] float64.

    >>> from rbcl_lite.losses import smooth_ap_loss
    >>> similarity_gradient(smooth_ap_loss, [0.8, 0.7])
    tensor([-0.0045,  0.0045], dtype=torch.float64)
    """
    s = torch.as_tensor(cosines, dtype=torch.float64)
    rest = (1 - s.square()).sqrt()
    reference = torch.cat([s[:, None], rest.diag()], dim=1)
    query = torch.zeros(1, len(s) + 1, dtype=torch.float64)
    query[0, 0] = 1
    query.requires_grad_()
    strangers = (torch.arange(len(s)) >= positives).long()
    loss(query, reference, strangers.new_zeros(1), strangers).backward()
    assert query.grad is not None
    return query.grad[0, 1:] / rest
