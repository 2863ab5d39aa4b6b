"""AdvBCT (Pan et al. 2023): a discriminator that shall not tell the two models apart."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.base.tensors import check_matrix, full_precision, zero_loss


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """The identity, whose gradient is multiplied by ``-strength`` (Ganin & Lempitsky 2015).

    >>> x = torch.ones(2, requires_grad=True)
    >>> reverse_gradient(x, 0.5).sum().backward()
    >>> x.grad
    tensor([-0.5000, -0.5000])
    """
    return _Reverse.apply(x, strength)


def reversal_strength(progress: float) -> float:
    r"""Strength of the reversed gradient, :math:`2 / (1 + e^{-10 p}) - 1` (Ganin & Lempitsky 2015).

    Args:
        progress: share :math:`p` of the training that is done, 0 to 1.

    >>> round(reversal_strength(0.0), 3), round(reversal_strength(0.5), 3), round(reversal_strength(1.0), 3)
    (0.0, 0.987, 1.0)
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1


class ModelDiscriminator(nn.Module):
    """Which model made this vector? Linear, batch norm, ReLU, linear: the discriminator of AdvBCT.

    Args:
        dim: dimension D of the vectors.
        hidden: width in between.

    >>> ModelDiscriminator(8).eval()(torch.zeros(3, 8)).shape
    torch.Size([3, 2])
    """

    def __init__(self, dim: int, hidden: int = 100) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, 2))

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits [B, 2] of vectors [B, D]: column 0 for the new model, column 1 for the old one."""
        return self.layers(vectors)


@full_precision
def adversarial_loss(discriminator: nn.Module, new: Tensor, old: Tensor, *, strength: float = 1.0) -> Tensor:
    r"""Train the discriminator to tell the models apart and, through a reversed gradient, the new
    model to fool it.

    .. math:: L = -\frac1B \sum_i \log p(\text{new} \mid \bar f^n_i) - \frac1B \sum_i \log p(\text{old} \mid \bar f^o_i)

    Vectors are normalised, so that their length cannot give them away (the official code does not).
    Both models' rows pass in one batch: in two, batch norm would remove the very difference that is
    looked for.

    Args:
        discriminator: a :class:`ModelDiscriminator`, or any module [2 B, D] -> [2 B, 2].
        new: [B, D] new vectors, any length.
        old: [B, D] old vectors, any length; no gradient flows into them.
        strength: of the reversed gradient, see :func:`reversal_strength`. AdvBCT also lowers the
            weight of this term linearly, to 1/E in the last of E epochs.

    Returns:
        Scalar, 2 log 2 where nothing can be told apart; zero for an empty batch.

    Raises:
        ValueError: wrong shapes or different dimensions.

    >>> nothing = nn.Linear(2, 2)
    >>> _ = nn.init.zeros_(nothing.weight), nn.init.zeros_(nothing.bias)
    >>> adversarial_loss(nothing, torch.eye(2), torch.eye(2)).item()
    1.386...
    """
    check_matrix("new", new)
    check_matrix("old", old, new.shape[1])
    if len(new) != len(old):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; both models need equal shares of the batch")
    if not len(new):
        return zero_loss(new)
    vectors = torch.cat([reverse_gradient(F.normalize(new, dim=1), strength), F.normalize(old.detach(), dim=1)])
    maker = torch.arange(2, device=new.device).repeat_interleave(len(new))
    return 2 * F.cross_entropy(discriminator(vectors), maker)
