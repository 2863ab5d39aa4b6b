"""Neighbour context agents: who stands near each training image in the old space, beyond its batch."""

from __future__ import annotations

import faiss
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision


@full_precision
def neighbor_agents(old: Tensor, ids: Tensor, k: int) -> Tensor:
    """For each image, the k most similar images of other people in the old space, nearest first.

    index[i] = the k indices j with ids[j] != ids[i] of largest cosine between old[i] and old[j]. Exact (faiss flat
    index, float32). Their old vectors join the references of a batch that holds image i, as extra negatives. That
    agents are nearest neighbours over the whole training set is our reading of RBCL's "Neighbor Context Agents" (Pan
    et al. 2022); the paper's text was not available to us.

    Args:
        old: [N, D] vectors of the old model, any length.
        ids: [N] integers.
        k: agents per image, at least 1.

    Returns:
        LongTensor [N, k], rows of ``old``, on its device. The order of equal similarities is not defined.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, k below 1 or above the number of images of other people.

    >>> old = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    >>> neighbor_agents(old, torch.tensor([0, 0, 1, 2]), k=2)
    tensor([[2, 3], [2, 3], [1, 0], [2, 1]])
    """
    vectors, people = _prepare(old, ids)
    images = np.bincount(people)
    _check_k(k, len(people) - int(images.max(initial=0)) if len(people) else k, "images of other people", ids)
    return _search(vectors, people, vectors, people, images, k).to(old.device)


@full_precision
def agent_centers(old: Tensor, ids: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each image, the k most similar class centres of other people in the old space, nearest first.

    A centre is the normalised mean of the unit vectors of one person. The same reading of RBCL as
    :func:`neighbor_agents`, with one agent per person instead of one per image.

    Args:
        old: [N, D] vectors of the old model, any length.
        ids: [N] integers.
        k: agents per image, at least 1.

    Returns:
        centres [C, D] of unit length, their ids [C] ascending, and the index LongTensor [N, k] into the centres; on the
        device of ``old``.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, k below 1 or above the number of other people.

    >>> old = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    >>> centres, centre_ids, index = agent_centers(old, torch.tensor([5, 5, 3, 9]), k=1)
    >>> centre_ids, index
    (tensor([3, 5, 9]), tensor([[0], [0], [1], [0]]))
    """
    vectors, people = _prepare(old, ids)
    names = ids.unique()
    _check_k(k, len(names) - 1 if len(people) else k, "other people", ids)
    unit = F.normalize(old.detach(), dim=1)
    rows = torch.from_numpy(people).to(old.device)
    sums = unit.new_zeros(len(names), old.shape[1]).index_add_(0, rows, unit)
    centres = F.normalize(sums, dim=1)
    known = np.arange(len(names))
    index = _search(_float32(centres), known, vectors, people, np.ones_like(known), k)
    return centres, names, index.to(old.device)


def _prepare(old: Tensor, ids: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors for faiss and people numbered 0..C-1."""
    check_matrix("old", old)
    check_labels("ids", ids, len(old))
    if not bool(torch.isfinite(old).all()):
        raise ValueError("old holds NaN or infinity; drop these images or look for a diverged model")
    return _float32(F.normalize(old.detach(), dim=1)), np.unique(ids.cpu().numpy(), return_inverse=True)[1]


def _float32(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.float().cpu().numpy())


def _check_k(k: int, available: int, what: str, ids: Tensor) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if k > available:
        raise ValueError(
            f"k = {k} agents wanted, but only {available} {what} are available among {len(ids)} images; "
            "choose a smaller k or more training people"
        )


def _search(
    base: np.ndarray, base_people: np.ndarray, vectors: np.ndarray, people: np.ndarray, own: np.ndarray, k: int
) -> Tensor:
    """The k nearest rows of ``base`` of another person; ``own`` [C] says how many rows of each person it holds."""
    result = np.empty((len(vectors), k), dtype=np.int64)
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(base)
    pending = np.arange(len(vectors))
    # own images are mostly the nearest, so this is enough for most people; the rest is asked again for more
    fetch = k + int(np.percentile(own, 90)) if len(own) else k
    while len(pending):
        fetch = min(fetch, len(base))
        found = index.search(vectors[pending], fetch)[1]
        other = base_people[found] != people[pending, None]
        enough = other.sum(1) >= k
        first = other[enough]
        first &= first.cumsum(1) <= k
        result[pending[enough]] = found[enough][first].reshape(-1, k)
        pending, fetch = pending[~enough], 2 * fetch
    return torch.from_numpy(result)
