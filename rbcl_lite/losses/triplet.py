"""Triplet losses: within the new space, and of a new anchor against old positives and negatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, check_pairs, full_precision, zero_loss
from rbcl_lite.losses.distance import unit_distances


@full_precision
def triplet_loss(features: Tensor, ids: Tensor, *, margin: float = 0.3) -> Tensor:
    r"""Batch-hard triplet loss on unit vectors (Hermans et al. 2017, equation 5).

    .. math:: L = \frac{1}{|A|} \sum_{i \in A} \Big[\max_{y_p = y_i,\ p \ne i} \lVert f_i - f_p \rVert
              - \min_{y_n \ne y_i} \lVert f_i - f_n \rVert + m\Big]_+

    The paper leaves the vectors as they are; they are normalised here because retrieval compares
    directions.

    Args:
        features: [B, D], any length.
        ids: [B] integers.
        margin: :math:`m`, a Euclidean distance between unit vectors (0 to 2).

    Returns:
        Scalar, the mean over the anchors :math:`A` that have both another image of the same
        identity and one of another identity; zero if there is none.

    Raises:
        ValueError: wrong shapes.

    >>> x = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]])
    >>> triplet_loss(x, torch.tensor([5, 5, 9, 9]), margin=0.3)
    tensor(0.4109)
    """
    check_matrix("features", features)
    check_labels("ids", ids, len(features))
    if not len(features):
        return zero_loss(features)
    same = ids[:, None] == ids[None, :]  # [B, B]
    positive = same & ~torch.eye(len(ids), dtype=torch.bool, device=ids.device)
    anchors = positive.any(dim=1) & (~same).any(dim=1)
    distances = unit_distances(features, features)  # [B, B]
    farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distances.masked_fill(same, torch.inf).amin(dim=1)
    hinge = F.relu(farthest - nearest + margin)  # zero where there is no positive or no negative
    return hinge.sum() / anchors.sum().clamp_min(1)


@full_precision
def cross_triplet_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    margin: float = 0.3,
    hardest: int = 10,
    ignore: Tensor | None = None,
) -> Tensor:
    r"""Triplet loss from new queries to old references: farthest positive, mean over the nearest
    negatives.

    .. math:: L = \frac{1}{|Q|} \sum_{i \in Q} \frac{1}{|H_i|} \sum_{j \in H_i}
              \Big[\max_{p \in P_i} \lVert q_i - g_p \rVert - \lVert q_i - g_j \rVert + m\Big]_+

    with :math:`P_i` the references of the same identity and :math:`H_i` the ``hardest`` nearest
    references of other identities (fewer where there are fewer), all unit vectors. The mean over
    the nearest negatives and the new anchor against old positives and negatives are those of the
    compatible triplet loss of the Hot-Refresh code base (Zhang et al. 2022); the farthest positive
    is batch-hard mining (Hermans et al. 2017). The former takes the query's own old vector as its
    only positive (and a margin of 0.8): give ``ignore`` with all other positives to get it.

    Args:
        query: [B, D] new vectors, any length.
        reference: [R, D] old vectors, any length; no gradient flows into them.
        query_ids: [B] integers.
        reference_ids: [R] integers.
        margin: :math:`m`, a Euclidean distance between unit vectors (0 to 2).
        hardest: how many of the nearest negatives count, at least 1.
        ignore: bool [B, R], pairs that do not exist (the query's own image, same-camera copies), or
            None.

    Returns:
        Scalar, mean over the queries that have a positive and a negative; zero if there is none.

    Raises:
        ValueError: wrong shapes, or ``hardest`` below 1.

    >>> query, references = torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> cross_triplet_loss(query, references, torch.tensor([3]), torch.tensor([3, 8, 8]), hardest=1)
    tensor(0.5620)
    """
    check_pairs(query, reference, query_ids, reference_ids, ignore)
    if hardest < 1:
        raise ValueError(f"hardest is a number of negatives, at least 1, got {hardest}")
    same = query_ids[:, None] == reference_ids[None, :]  # [B, R]
    exists = torch.ones_like(same) if ignore is None else ~ignore
    positive, negative = same & exists, ~same & exists
    active = positive.any(dim=1) & negative.any(dim=1)
    if not bool(active.any()):
        return zero_loss(query)
    distances = unit_distances(query, reference.detach())[active]  # [Q, R]
    farthest = distances.masked_fill(~positive[active], -torch.inf).amax(dim=1, keepdim=True)
    others = distances.masked_fill(~negative[active], torch.inf)
    nearest = others.topk(min(hardest, others.shape[1]), dim=1, largest=False).values  # [Q, H], infinite where missing
    hinge = F.relu(farthest - nearest + margin)  # zero where the distance is infinite
    return (hinge.sum(dim=1) / nearest.isfinite().sum(dim=1)).mean()
