"""Contrast of new queries with old references."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_pairs, full_precision, zero_loss


@full_precision
def contrastive_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float = 0.05,
    ignore: Tensor | None = None,
) -> Tensor:
    r"""Supervised contrast of new queries with old references, over all old positives.

    .. math:: L = -\frac{1}{|Q|} \sum_{i \in Q} \frac{1}{|P_i|} \sum_{j \in P_i} \log
              \frac{e^{\cos(q_i, g_j) / \tau}}{\sum_k e^{\cos(q_i, g_k) / \tau}}

    with :math:`P_i` the references of the same identity and :math:`k` over all references that are
    not ignored (Khosla et al. 2020, equation 2, across the two models). With the own old vector as
    the only positive see :func:`rbcl_lite.losses.hot_refresh.hot_refresh_loss`.

    Args:
        query: [B, D] new vectors, any length.
        reference: [R, D] old vectors, any length; no gradient flows into them.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        temperature: :math:`\tau`, in units of cosine.
        ignore: bool [B, R], pairs that do not exist (the query's own image, same-camera copies), or
            None.

    Returns:
        Scalar, mean over the queries with a positive; zero if there is none.

    Raises:
        ValueError: wrong shapes, or a temperature that is not positive.

    >>> query, references = torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> contrastive_loss(query, references, torch.tensor([3]), torch.tensor([8, 3]), temperature=0.1)
    tensor(0.1269)
    """
    check_pairs(query, reference, query_ids, reference_ids, ignore)
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    positive = query_ids[:, None] == reference_ids[None, :]  # [B, R]
    if ignore is not None:
        positive = positive & ~ignore
    active = positive.any(dim=1)
    if not bool(active.any()):
        return zero_loss(query)
    positive = positive[active]
    scores = F.normalize(query[active], dim=1) @ F.normalize(reference.detach(), dim=1).t() / temperature  # [Q, R]
    if ignore is not None:
        scores = scores.masked_fill(ignore[active], -torch.inf)
    log_probability = torch.log_softmax(scores, dim=1).masked_fill(~positive, 0)
    return -(log_probability.sum(dim=1) / positive.sum(dim=1)).mean()
