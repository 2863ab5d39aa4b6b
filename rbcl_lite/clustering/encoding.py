"""k-reciprocal encoding: each image as a sparse vector of weights over the images it shares a
neighbourhood with.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from rbcl_lite.base.tensors import full_precision

BLOCK = 1024
"""Rows of the similarity matrix that exist at a time."""


@full_precision
def nearest(vectors: Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest rows of each row by Euclidean distance, itself always first, and the farthest
    row's distance.

    Exact, by blocks of a matrix product on the device of ``vectors``. The order of equal distances
    is not defined.

    Args:
        vectors: [N, D] unit rows.
        k: 1..N, the row itself included.

    Returns:
        index [N, k] int64, nearest first; squared Euclidean distance [N] of the farthest row.

    >>> index, farthest = nearest(torch.eye(2).repeat_interleave(2, 0), k=2)
    >>> index.tolist(), farthest.tolist()
    ([[0, 1], [1, 0], [2, 3], [3, 2]], [2.0, 2.0, 2.0, 2.0])
    """
    n = len(vectors)
    index, farthest = np.empty((n, k), np.int64), np.empty(n, np.float64)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        similarity = vectors[rows] @ vectors.T  # [b, N]
        farthest[rows] = (2 - 2 * similarity.amin(1).double().cpu().numpy()).clip(1e-12)  # all copies of one: not 0
        similarity[:, rows].fill_diagonal_(torch.inf)  # a copy of the image must not take its own place
        index[rows] = similarity.topk(k).indices.cpu().numpy()
    return index, farthest


def encode(vectors: Tensor, *, k1: int = 20, k2: int = 6, scaled: bool = False) -> csr_array:
    r"""Reciprocal neighbourhoods as rows of weights (Zhong et al., CVPR 2017, sections 3.2 to 3.4).

    With :math:`N(i,k)` = image i and its k nearest other images,

    .. math::
        R(i,k) &= \{j \in N(i,k) : i \in N(j,k)\} \\
        R^*(i) &= R(i,k_1) \cup \bigcup \{R(j,\tfrac{k_1}2) : j \in R(i,k_1),\
                  |R(j,\tfrac{k_1}2) \cap R(i,k_1)| > \tfrac23 |R(j,\tfrac{k_1}2)|\} \\
        V_{ij} &= e^{-d_{ij}} \Big/ \sum_{l \in R^*(i)} e^{-d_{il}} \ \text{for } j \in R^*(i), \text{ else } 0, \\
        V &\leftarrow \text{mean of } V \text{ over the } k_2 \text{ nearest, } i \text{ itself counted as one.}

    :math:`k_1/2` is rounded half to even, as in the authors' code; image i counts as a member of
    its own sets. The distance :math:`d` is the squared Euclidean distance of unit vectors, 0..4;
    ``scaled`` divides it by the largest one of image i. The paper's weights are :math:`e^{-d}`;
    that they sum to 1 comes from the code.

    Args:
        vectors: [N, D] unit rows.
        k1: neighbours besides the image itself, 1..N-1.
        k2: images in the query expansion, 1..N; 1 leaves it out.
        scaled: divide each distance by the largest of its row.

    Returns:
        [N, N] float32, rows sum to 1.

    Raises:
        ValueError: k1 or k2 does not fit the number of images.

    >>> encode(torch.eye(2).repeat_interleave(2, 0), k1=1, k2=1).toarray().tolist()[0]
    [0.5, 0.5, 0.0, 0.0]
    """
    n = len(vectors)
    if not 1 <= k1 < n:
        raise ValueError(
            f"k1 = {k1} neighbours of each image were asked for, among {n} images; choose k1 at 1 to 1.5 "
            f"times the images per identity, between 1 and {n - 1} here"
        )
    if not 1 <= k2 <= n:
        raise ValueError(
            f"k2 = {k2} images in the query expansion, but there are {n} images; choose k2 well below k1, "
            "6 beside k1 = 20 or 30; 1 leaves the expansion out"
        )
    neighbours, farthest = nearest(vectors, max(k1 + 1, k2))
    wide = _reciprocal(neighbours[:, : k1 + 1])
    narrow = _reciprocal(neighbours[:, : round(k1 / 2) + 1])
    # both are symmetric, so that one product counts the members that R(i, k1) and R(j, k1/2) have in common
    common = wide.multiply(wide @ narrow).tocoo()
    joins = 3 * common.data > 2 * narrow.sum(axis=1)[common.col]
    joined = csr_array((common.data[joins], (common.row[joins], common.col[joins])), shape=(n, n))
    members = (wide + joined @ narrow).tocoo()
    distance = _squared_distances(vectors, members.row, members.col)
    weight = np.exp(-(distance / farthest[members.row] if scaled else distance))
    weight /= np.bincount(members.row, weight, minlength=n)[members.row]
    encoding = csr_array((weight.astype(np.float32), (members.row, members.col)), shape=(n, n))
    return encoding if k2 == 1 else _lists(neighbours[:, :k2], np.float32(1 / k2)) @ encoding


def _lists(index: np.ndarray, value: np.float32 | np.int32) -> csr_array:
    """[N, N] matrix whose row i holds ``value`` at the columns ``index[i]``."""
    n, k = index.shape
    return csr_array((np.full(n * k, value), index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def _reciprocal(index: np.ndarray) -> csr_array:
    """[N, N] int32, 1 where each of two images is in the other's list."""
    listed = _lists(index, np.int32(1))
    return listed.multiply(listed.T.tocsr())


@full_precision
def _squared_distances(vectors: Tensor, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """[M] squared Euclidean distances of the pairs of unit rows (rows[m], columns[m])."""
    distance = np.empty(len(rows), np.float64)
    for start in range(0, len(rows), 64 * BLOCK):
        some = slice(start, start + 64 * BLOCK)
        pairs = (torch.from_numpy(a[some].astype(np.int64)).to(vectors.device) for a in (rows, columns))
        similarity = torch.linalg.vecdot(*(vectors[p] for p in pairs))
        distance[some] = 2 - 2 * similarity.double().cpu().numpy()
    return distance.clip(0)
