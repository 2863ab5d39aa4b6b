"""Alignment: the new vector of an image is pulled onto its old vector."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_matrix, full_precision, zero_loss


@full_precision
def l2_loss(new: Tensor, old: Tensor) -> Tensor:
    r"""Squared Euclidean distance of the two unit vectors of the same image.

    .. math:: L = \frac1B \sum_i \lVert \bar f^n_i - \bar f^o_i \rVert_2^2 = \frac1B \sum_i (2 - 2 \cos(f^n_i, f^o_i))

    Published codes differ here, and their weights do not carry over: the mean over coordinates as
    well is D times smaller (OpenCompatible), the distance without square has a slope of constant
    size (the L2 baseline that goes with MixBCT).

    Args:
        new: [B, D] new vectors, any length.
        old: [B, D] old vectors of the same images; no gradient flows into them.

    Returns:
        Scalar between 0 and 4; zero for an empty batch.

    Raises:
        ValueError: wrong shapes or different dimensions.

    >>> import torch
    >>> l2_loss(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.0, 3.0], [0.0, 1.0]]))
    tensor(1.)
    """
    check_matrix("new", new)
    check_matrix("old", old, new.shape[1])
    if len(new) != len(old):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; row i of both must be the same image")
    if not len(new):
        return zero_loss(new)
    return (F.normalize(new, dim=1) - F.normalize(old.detach(), dim=1)).square().sum(dim=1).mean()
