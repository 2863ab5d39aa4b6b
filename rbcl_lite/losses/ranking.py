"""Asymmetric Smooth-AP: average precision of new queries among old references."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.base.tensors import full_precision
from rbcl_lite.losses.ranking_risk import ranking_loss, saturated_share
from rbcl_lite.losses.reactivation import Reactivation


@full_precision
def smooth_ap_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float = 0.01,
    ignore: Tensor | None = None,
    reactivation: Reactivation | None = None,
    log: bool = False,
) -> Tensor:
    r"""One minus the smooth average precision of each query among the references.

    With cosines :math:`s_{ij}`, positives :math:`P_i`, negatives :math:`N_i` and
    :math:`\sigma_\tau(x) = 1/(1 + e^{-x/\tau})`:

    .. math::
        a_{ip} = 1 + \sum_{k \in P_i, k \ne p} \sigma_\tau(s_{ik} - s_{ip}), \qquad
        b_{ip} = \sum_{n \in N_i} \sigma_\tau(s_{in} - s_{ip} + c_{ipn}), \qquad
        L = \frac1Q \sum_i \frac1{|P_i|} \sum_{p \in P_i} \frac{b_{ip}}{a_{ip} + b_{ip}}

    Smooth-AP (Brown et al. 2020, equation 6) with the references on the other side of the
    comparison; that RBCL (Pan et al. 2022) ranks new queries among old references in this way, and
    its constants :math:`c` (:class:`~rbcl_lite.losses.reactivation.Reactivation`), are our reading
    of its abstract. The official code of Smooth-AP keeps the query among its own positives; here
    that is a choice: leave it out with ``ignore``.

    With ``log`` the loss is :math:`-\frac1Q \sum_i \log(1 - L_i)` instead, :math:`L_i` being the
    summand of query i: the worse a query ranks, the harder it pulls. That is our variant.

    The Q queries with at least one positive are averaged, any number of references per identity is
    allowed. The argument of the sigmoid is not clamped, as it often is at 50: beyond it the
    gradient would be exactly zero. The loss tends to one minus the exact average precision as the
    temperature goes to 0. Memory is a few [B, R] matrices, backward included; a few [B, R, R] of at
    most 32 MiB each where a GPU makes all comparisons at once. Gradients flow to
    ``query`` and, where it requires them, to ``reference``: frozen old vectors require none.

    Args:
        query: [B, D], any length; normalised here.
        reference: [R, D], any length; normalised here.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        temperature: tau, in units of cosine, above 0.
        ignore: bool [B, R], pairs that do not exist for the ranking (the query itself, same-camera
            images).
        reactivation: constants for the comparisons with negatives, or None for plain Smooth-AP.
        log: minus the logarithm of the average precision, instead of one minus it.

    Returns:
        Scalar in 0..1 (at least 0 with ``log``); a zero with a graph if no query has a positive or the batch is empty.

    Raises:
        ValueError: shapes or types that do not fit, a temperature that is not above 0.

    >>> import torch
    >>> new = torch.tensor([[1.0, 0.0]])
    >>> old = torch.tensor([[0.8, 0.6], [1.0, 0.1], [0.0, 1.0]])
    >>> loss = smooth_ap_loss(new, old, torch.tensor([7]), torch.tensor([7, 1, 2]))
    >>> f"{loss.item():.3f}"  # one stranger stands before the only positive
    '0.500'
    """
    return ranking_loss(
        query,
        reference,
        query_ids,
        reference_ids,
        temperature=temperature,
        ignore=ignore,
        reactivation=reactivation,
        log=log,
    )


def saturation(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float = 0.01,
    ignore: Tensor | None = None,
    reactivation: Reactivation | None = None,
) -> float:
    r"""Share of (query, positive) pairs for which the sigmoid of :func:`smooth_ap_loss` has gone
    flat.

    A pair counts as saturated if :math:`\max_n \sigma'_\tau(s_{in} - s_{ip} + c_{ipn})` is below 1
    % of the largest possible slope :math:`1/(4\tau)`, that is, if every negative is more than 5.99
    temperatures away. Our measure for the vanishing gradient that RBCL (Pan et al. 2022) describes.

    A pair whose query has no negative is left out: there is nothing to rank.

    Args:
        query: [B, D], any length.
        reference: [R, D], any length.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        temperature: tau, in units of cosine, above 0.
        ignore: bool [B, R], pairs that do not exist for the ranking.
        reactivation: with it, the slope is taken at the shifted argument, as the loss does.

    Returns:
        Share in 0..1; 0.0 if there is no pair to look at.

    Raises:
        ValueError: as :func:`smooth_ap_loss`.

    >>> import torch
    >>> new, ids = torch.tensor([[1.0, 0.0]]), torch.tensor([7])
    >>> old, old_ids = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([7, 1])
    >>> saturation(new, old, ids, old_ids), saturation(new, old, ids, old_ids, reactivation=Reactivation())
    (1.0, 0.0)
    """
    share = saturated_share(
        query,
        reference,
        query_ids,
        reference_ids,
        temperature=temperature,
        ignore=ignore,
        reactivation=reactivation,
    )
    return float(share)
