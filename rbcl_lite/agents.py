"""Neighbour context agents: who stands near a training image in the old space, beyond its batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision

BLOCK_BYTES = 64 * 2**20
"""Largest matrix of similarities that is held at a time; a training set of 20,000 images takes 25
of them.
"""


@full_precision
def neighbor_agents(old: Tensor, ids: Tensor, k: int, *, query: Tensor | None = None) -> Tensor:
    """For each image, the k most similar images of other people in the old space, nearest first.

    index[i] = the k indices j with ids[j] != ids[i] of largest cosine between old[i] and old[j].
    With ``query``, whose row i is another vector of image i (the new model's, say), it is the
    cosine between query[i] and old[j]. Exact: every pair is compared, a block of rows at a time, on
    the device of ``old``. Their old vectors join the references of a batch that holds image i, as
    extra negatives. That agents are nearest neighbours over the whole training set is our reading
    of RBCL's "Neighbor Context Agents" (Pan et al. 2022); the paper's text was not available to us.

    Args:
        old: [N, D] vectors of the old model, any length.
        ids: [N] integers.
        k: agents per image, at least 1.
        query: [N, D] vectors whose neighbours are looked for, any length; ``old`` by default.

    Returns:
        LongTensor [N, k], rows of ``old``, on its device. The order of equal similarities is not
        defined.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, k below 1 or above the number of images
            of other people.

    >>> old = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.5, 0.4], [0.0, 1.0]])
    >>> neighbor_agents(old, torch.tensor([0, 0, 1, 2]), k=2)
    tensor([[2, 3], [2, 3], [1, 0], [2, 1]])
    """
    unit, people, counts = _prepare(old, ids)
    _check_k(k, len(ids) - int(counts.max()) if len(ids) else k, "images of other people", ids)
    return _nearest_others(_looking(query, unit), people, unit, people, k)


@full_precision
def agent_centers(old: Tensor, ids: Tensor, k: int, *, query: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """For each image, the k most similar class centres of other people in the old space, nearest
    first.

    A centre is the normalised mean of the unit vectors of one person. The same reading of RBCL as
    :func:`neighbor_agents`, with one agent per person instead of one per image.

    Args:
        old: [N, D] vectors of the old model, any length.
        ids: [N] integers.
        k: agents per image, at least 1.
        query: [N, D] vectors whose neighbours are looked for, any length; ``old`` by default.

    Returns:
        centres [C, D] of unit length, their ids [C] ascending, and the index LongTensor [N, k] into
        the centres; on the device of ``old``.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, k below 1 or above the number of other
            people.

    >>> old = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    >>> centres, centre_ids, index = agent_centers(old, torch.tensor([5, 5, 3, 9]), k=1)
    >>> centre_ids, index
    (tensor([3, 5, 9]), tensor([[0], [0], [1], [0]]))
    """
    unit, people, counts = _prepare(old, ids)
    _check_k(k, len(counts) - 1 if len(ids) else k, "other people", ids)
    sums = unit.new_zeros(len(counts), old.shape[1]).index_add_(0, people, unit)
    centres = F.normalize(sums, dim=1)
    index = _nearest_others(_looking(query, unit), people, centres, torch.arange(len(counts), device=old.device), k)
    return centres, ids.unique().to(old.device), index


def _prepare(old: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vectors [N, D], people numbered 0..C-1 [N], and the images of each [C]."""
    check_matrix("old", old)
    check_labels("ids", ids, len(old))
    if not bool(torch.isfinite(old).all()):
        raise ValueError("old holds NaN or infinity; drop these images or look for a diverged model")
    _, people, counts = ids.to(old.device).unique(return_inverse=True, return_counts=True)
    return F.normalize(old.detach(), dim=1), people, counts


def _looking(query: Tensor | None, unit: Tensor) -> Tensor:
    """Unit vectors [N, D] of what looks for its neighbours."""
    if query is None:
        return unit
    if query.shape != unit.shape:
        raise ValueError(f"query must have one row for each old vector, {list(unit.shape)}; got {list(query.shape)}")
    if not bool(torch.isfinite(query).all()):
        raise ValueError("query holds NaN or infinity; look for a diverged model")
    return F.normalize(query.detach(), dim=1)


def _check_k(k: int, available: int, what: str, ids: Tensor) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if k > available:
        raise ValueError(
            f"k = {k} agents wanted, but only {available} {what} are available among {len(ids)} images; "
            "choose a smaller k or more training people"
        )


def _nearest_others(unit: Tensor, people: Tensor, base: Tensor, base_people: Tensor, k: int) -> Tensor:
    """For each row of ``unit``, the k rows of ``base`` of another person with the largest cosine,
    nearest first.
    """
    index = people.new_empty(len(unit), k)
    rows = max(1, BLOCK_BYTES // (base.element_size() * max(1, len(base))))
    for start in range(0, len(unit), rows):
        block = slice(start, start + rows)
        cosine = unit[block] @ base.T
        cosine.masked_fill_(people[block, None] == base_people, -torch.inf)
        index[block] = cosine.topk(k, dim=1).indices
    return index
