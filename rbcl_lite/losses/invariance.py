"""Invariance loss of ECN (Zhong et al. 2019): each image is a class and shares its target."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss


def _check(logits: Tensor, index: Tensor, k: int) -> None:
    check_matrix("logits", logits)
    check_labels("index", index, len(logits), logits.shape[1])
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k is a number of neighbours among {logits.shape[1]} images, at least 1, got {k}")


@full_precision
def invariance_loss(logits: Tensor, index: Tensor, *, k: int = 6, neighbours: bool = True) -> Tensor:
    r"""Exemplar, camera and neighbourhood invariance in the one soft cross-entropy that they are
    (Zhong et al. 2019).

    .. math:: L = -\frac1B \sum_i \sum_j w_{ij} \log p(j \mid x_i), \qquad
              w_{ij} = \begin{cases} 1 & j = i \\ 1/k & j \in \mathcal M(x_i, k) \setminus \{i\} \\
              0 & \text{else} \end{cases}

    with :math:`p` the softmax over the memory's N images and :math:`\mathcal M` the k largest
    logits (the own image counts among them). The weights are no distribution and are not
    normalised: they sum to 1 + (k-1)/k where the own image is among the k nearest, else to 2.
    Camera invariance is this loss on a camera-styled copy of the image, under the same index; there
    is no separate weight. Neighbours are chosen on detached logits.

    With a memory of zeros all logits are equal: the loss has no gradient until
    :class:`rbcl_lite.memory.ExemplarMemory` has been filled.

    Args:
        logits: [B, N] of :meth:`rbcl_lite.memory.ExemplarMemory.logits`, the temperature applied.
        index: [B] the place of each image in the memory, 0..N-1.
        k: number of neighbours.
        neighbours: False for exemplar (and camera) invariance alone, as in the first epochs.

    Returns:
        Scalar, mean over the batch; zero for an empty batch.

    Raises:
        ValueError: wrong shapes, an index outside 0..N-1, or k outside 1..N while neighbours count.

    >>> logits = torch.zeros(1, 8)
    >>> invariance_loss(logits, torch.tensor([3]), neighbours=False)
    tensor(2.0794)
    >>> logits[0, :3] = torch.tensor([2.0, 3.0, 1.0])
    >>> invariance_loss(logits, torch.tensor([1]), k=2)  # 1 for image 1, 1/2 for image 0
    tensor(1.3413)
    """
    _check(logits, index, k if neighbours else 1)
    if not len(logits):
        return zero_loss(logits)
    index = index.long()[:, None]  # [B, 1]
    negative_log = logits.logsumexp(dim=1, keepdim=True)  # subtract a logit for its -log p
    loss = negative_log - logits.gather(1, index)
    if neighbours:
        nearest = logits.detach().topk(k, dim=1).indices  # [B, k]
        others = (negative_log - logits.gather(1, nearest)).masked_fill(nearest == index, 0)
        loss = loss + others.sum(dim=1, keepdim=True) / k
    return loss.mean()


@torch.no_grad()
def neighbour_purity(logits: Tensor, index: Tensor, ids: Tensor, *, k: int = 6) -> float:
    """Share of the k nearest images, the own one left out, that show the same person: a diagnosis
    that needs labels.

    Args:
        logits: [B, N] as in :func:`invariance_loss`.
        index: [B] the place of each image in the memory.
        ids: [N] true identities of the images in the memory.
        k: number of neighbours.

    Returns:
        0 to 1; NaN if nothing is left to count.

    Raises:
        ValueError: wrong shapes, an index outside 0..N-1, or k outside 1..N.

    >>> neighbour_purity(torch.tensor([[9.0, 8.0, 7.0, 0.0]]), torch.tensor([0]), torch.tensor([5, 5, 6, 5]), k=3)
    0.5
    """
    _check(logits, index, k)
    check_labels("ids", ids, logits.shape[1])
    nearest = logits.topk(k, dim=1).indices
    other = nearest != index[:, None]
    same = ids[nearest] == ids[index.long()][:, None]
    return float((same & other).sum() / other.sum())
