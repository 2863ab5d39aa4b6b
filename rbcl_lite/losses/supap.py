"""SupAP and ROADMAP's calibration loss: the published control for reactivated gradients."""

from __future__ import annotations

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_pairs, full_precision
from rbcl_lite.losses.ranking_kernel import Step, sigmoid_step
from rbcl_lite.losses.ranking_risk import ranking_loss


@cache  # one step for equal arguments, so that a loss can be known again by it
def _upper_step(temperature: float, rho: float, delta: float) -> Step:
    """H- of :func:`supap_loss`, for differences in units of the temperature."""
    knee = delta / temperature
    offset = 1 / (1 + math.exp(-knee)) + 0.5
    rise = rho * temperature

    def step(x: Tensor, with_slope: bool) -> tuple[Tensor, Tensor | None]:
        wrong, far = x > 0, x > knee
        line = rise * (x - knee) + offset
        value, slope = sigmoid_step(x, with_slope)
        value = torch.where(far, line, value + 0.5 * wrong)
        return value, None if slope is None else slope.masked_fill_(far, rise)

    return step


@full_precision
def supap_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float = 0.01,
    rho: float = 100.0,
    delta: float = 0.05,
    ignore: Tensor | None = None,
) -> Tensor:
    r"""One minus a lower bound of average precision that keeps a gradient for badly ranked
    negatives.

    With cosines :math:`s`, differences :math:`t = s_{in} - s_{ip}` and the true step
    :math:`[\cdot]`:

    .. math::
        H^-(t) = \begin{cases} \sigma(t/\tau) & t \le 0 \\ \sigma(t/\tau) + 0.5 & 0 < t \le \delta \\
        \rho (t - \delta) + \sigma(\delta/\tau) + 0.5 & t > \delta \end{cases}

    .. math::
        a_{ip} = 1 + \sum_{k \in P_i} [s_{ik} > s_{ip}], \qquad b_{ip} = \sum_{n \in N_i} H^-(s_{in} - s_{ip}), \qquad
        L = \frac1Q \sum_i \frac1{|P_i|} \sum_{p \in P_i} \frac{b_{ip}}{a_{ip} + b_{ip}}

    ROADMAP (Ramzi et al. 2021, section 3.2). Positives are counted by the true step and pass no
    gradient among each other. The offset of the linear part is the one of the formula, 1.4933 for
    the defaults; the configuration of the official code has 1.44, which leaves a jump at delta.
    Negatives far below the positive still lose their gradient, as in Smooth-AP:
    :func:`calibration_loss` is the remedy of that paper.

    Args:
        query: [B, D], any length; normalised here.
        reference: [R, D], any length; normalised here. Gradients flow to it if it requires them.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        temperature: tau, in units of cosine, above 0.
        rho: slope of the linear part, per unit of cosine.
        delta: cosine difference where the linear part begins, at least 0.
        ignore: bool [B, R], pairs that do not exist for the ranking.

    Returns:
        Scalar in 0..1; a zero with a graph if no query has a positive or the batch is empty.

    Raises:
        ValueError: shapes or types that do not fit, temperature not above 0, rho or delta below 0.

    >>> new, ids = torch.tensor([[1.0, 0.0]]), torch.tensor([7])
    >>> old, old_ids = torch.tensor([[0.8, 0.6], [1.0, 0.0]]), torch.tensor([7, 1])
    >>> f"{supap_loss(new, old, ids, old_ids).item():.3f}"  # the stranger is 0.2 ahead: H- = 16.49
    '0.943'
    """
    if rho < 0 or delta < 0:
        raise ValueError(f"rho and delta must be at least 0, got rho={rho}, delta={delta}")
    return ranking_loss(
        query,
        reference,
        query_ids,
        reference_ids,
        temperature=temperature,
        ignore=ignore,
        step=_upper_step(temperature, rho, delta),
        exact=True,
    )


@full_precision
def calibration_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    positive_margin: float = 0.9,
    negative_margin: float = 0.6,
    ignore: Tensor | None = None,
) -> Tensor:
    r"""Pull cosines of positives above one threshold, and push those of negatives below another.

    .. math::
        L = \frac1{|P|} \sum_{(i,j) \in P} (m_+ - s_{ij})_+ + \frac1{|N|} \sum_{(i,j) \in N} (s_{ij} - m_-)_+

    over all positive pairs P and negative pairs N of the batch (ROADMAP, Ramzi et al. 2021, section
    3.3). The paper combines it with :func:`supap_loss`; its gradient does not vanish when the
    ranking is right. A batch without positive (negative) pairs has only the other term.

    Args:
        query: [B, D], any length; normalised here.
        reference: [R, D], any length; normalised here. Gradients flow to it if it requires them.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        positive_margin: cosine that positives should reach.
        negative_margin: cosine that negatives should stay below.
        ignore: bool [B, R], pairs that do not count.

    Returns:
        Scalar, at least 0; a zero with a graph if there is no pair at all.

    Raises:
        ValueError: shapes or types that do not fit.

    >>> new, ids = torch.tensor([[1.0, 0.0]]), torch.tensor([7])
    >>> old, old_ids = torch.tensor([[0.8, 0.6], [0.6, 0.8], [1.0, 0.0]]), torch.tensor([7, 7, 1])
    >>> f"{calibration_loss(new, old, ids, old_ids).item():.3f}"  # (0.1 + 0.3) / 2 + 0.4
    '0.600'
    """
    check_pairs(query, reference, query_ids, reference_ids, ignore)
    cosine = F.normalize(query, dim=1) @ F.normalize(reference, dim=1).T
    positive = query_ids[:, None] == reference_ids
    negative = ~positive
    if ignore is not None:
        positive, negative = positive & ~ignore, negative & ~ignore
    low = ((positive_margin - cosine).clamp_min(0) * positive).sum() / positive.sum().clamp_min(1)
    high = ((cosine - negative_margin).clamp_min(0) * negative).sum() / negative.sum().clamp_min(1)
    return low + high
