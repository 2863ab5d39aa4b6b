"""NCCL (Wu et al. 2022): contrast with old vectors, positives weighted by agreement."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_matrix, check_pairs, full_precision, zero_loss


def _contrast(query: Tensor, reference: Tensor, positive: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Weighted contrast of unit rows [Q, E] and [R, E]; masks and weights are [Q, R], each row with
    a positive.
    """
    log_probability = torch.log_softmax(query @ reference.t() / temperature, dim=1)
    weighted = (weights * log_probability).masked_fill(~positive, 0)
    return -(weighted.sum(dim=1) / positive.sum(dim=1)).mean()


def _prepare(
    new: Tensor, bank: Tensor, ids: Tensor, bank_ids: Tensor, old: Tensor, temperature: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Check; then the rows with a positive [B], and for these the mask of positives and the weights
    [Q, R].
    """
    check_pairs(new, bank, ids, bank_ids)
    check_matrix("old", old, bank.shape[1])
    if len(old) != len(new):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; row i of both must be the same image")
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    positive = ids[:, None] == bank_ids[None, :]
    active = positive.any(dim=1)
    cosine = F.normalize(old.detach()[active], dim=1) @ F.normalize(bank.detach(), dim=1).t()
    return active, positive[active], (1 + cosine) / 2


@full_precision
def nccl_loss(
    new: Tensor, bank: Tensor, ids: Tensor, bank_ids: Tensor, old: Tensor, *, temperature: float = 0.05
) -> Tensor:
    r"""Neighbourhood-consensus contrast in the embedding space (Wu et al. 2022).

    .. math:: L = -\frac1{|Q|} \sum_{i \in Q} \frac{1}{|P_i|} \sum_{j \in P_i} w_{ij} \log
              \frac{e^{\cos(f^n_i, b_j)/\tau}}{\sum_k e^{\cos(f^n_i, b_k)/\tau}},
              \qquad w_{ij} = \tfrac12 \big(1 + \cos(f^o_i, b_j)\big)

    with the bank :math:`b` of old vectors and :math:`P_i` its rows of the same identity. No
    official code is known; the formula follows the paper's description and a re-implementation. The
    temperature there is 1, at which the softmax of cosines is nearly flat; 0.05 is this package's
    default. A bank that is not full yet is passed shorter, since rows of zeros would count as
    negatives.

    Args:
        new: [B, D] new vectors, any length.
        bank: [R, D] old vectors of earlier images, any length; no gradient flows into them.
        ids: [B] integers.
        bank_ids: [R] integers.
        old: [B, D] old vectors of the images of ``new``; no gradient.
        temperature: :math:`\tau`, in units of cosine.

    Returns:
        Scalar, mean over the images with a positive in the bank; zero if there is none.

    Raises:
        ValueError: wrong shapes, or a temperature that is not positive.

    >>> bank = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> new, old = torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0]])
    >>> nccl_loss(new, bank, torch.tensor([3]), torch.tensor([8, 3]), old, temperature=0.1)
    tensor(0.0635)
    """
    active, positive, weights = _prepare(new, bank, ids, bank_ids, old, temperature)
    if not len(positive):
        return zero_loss(new)
    return _contrast(F.normalize(new[active], dim=1), F.normalize(bank.detach(), dim=1), positive, weights, temperature)


@full_precision
def nccl_class_loss(
    new: Tensor, bank: Tensor, ids: Tensor, bank_ids: Tensor, old: Tensor, weight: Tensor, *, temperature: float = 0.05
) -> Tensor:
    r"""The contrast of :func:`nccl_loss` between class scores instead of vectors.

    Both sides go through the new classifier: :math:`z_i = \bar W \bar f_i` holds the cosines to all
    C classes, and the formula of :func:`nccl_loss` is applied to :math:`z^n_i` and :math:`z^b_j`
    with the same weights :math:`w_{ij}`. The gradient reaches the new vectors and, through the new
    side, the classifier; the side of the bank is a teacher without one. (In a re-implementation
    these scores are gathered without a gradient, so that the term trains nothing.) Normalising the
    scores is our reading. The re-implementation adds this term with weight 0.01.

    Args:
        new: [B, D] new vectors, any length.
        bank: [R, D] old vectors of earlier images; no gradient.
        ids: [B] integers.
        bank_ids: [R] integers.
        old: [B, D] old vectors of the images of ``new``; no gradient.
        weight: [C, D] rows of the new model's classifier, any length.
        temperature: :math:`\tau`, in units of cosine.

    Returns:
        Scalar, mean over the images with a positive in the bank; zero if there is none.

    Raises:
        ValueError: wrong shapes, or a temperature that is not positive.

    >>> bank = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> new, old = torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0]])
    >>> nccl_class_loss(new, bank, torch.tensor([3]), torch.tensor([8, 3]), old, torch.eye(2), temperature=0.1)
    tensor(0.0635)
    """
    active, positive, weights = _prepare(new, bank, ids, bank_ids, old, temperature)
    check_matrix("weight", weight, new.shape[1])
    if not len(positive):
        return zero_loss(new, weight)
    rows = F.normalize(weight, dim=1)
    scores = F.normalize(F.normalize(new[active], dim=1) @ rows.t(), dim=1)  # [Q, C]
    teacher = F.normalize(F.normalize(bank.detach(), dim=1) @ rows.detach().t(), dim=1)  # [R, C]
    return _contrast(scores, teacher, positive, weights, temperature)


@full_precision
def confident_samples(logits: Tensor, *, share: float = 0.5) -> Tensor:
    r"""Images of which the old classifier is sure enough to teach: entropy at most a share of its
    maximum.

    .. math:: H(p_i) = -\sum_c p_{ic} \log p_{ic} \le \text{share} \cdot \log C

    with the softmax over all C classes (in a re-implementation it runs over a single column, so
    that the entropy is 0 and every image passes).

    Args:
        logits: [N, C] of the old classifier, with its scale.
        share: of the largest possible entropy, 0 to 1.

    Returns:
        bool [N].

    Raises:
        ValueError: a wrong shape, or a share outside 0..1.

    >>> confident_samples(torch.tensor([[9.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    tensor([ True, False])
    """
    check_matrix("logits", logits)
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    logits = logits.detach()
    entropy = -(logits.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=1)
    return entropy <= share * math.log(max(logits.shape[1], 1))
