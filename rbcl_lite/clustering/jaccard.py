"""Jaccard distance of k-reciprocal encodings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from rbcl_lite.clustering.encoding import encode
from rbcl_lite.features import Features

BUDGET = 1 << 21
"""Pairs of weights that are compared at a time."""


def overlaps(encoding: csr_array, rows: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Sums of smaller weights of the first rows with all rows, a few rows at a time.

    Args:
        encoding: [N, N] non-negative, sparse.
        rows: how many of its rows to compare with all of them.

    Yields:
        (rows a to b, [b - a, N] float64 with the sum over l of min(V[i, l], V[j, l])).
    """
    n = encoding.shape[0]
    columns = encoding.tocsc()
    lengths = np.diff(columns.indptr)
    cost = np.concatenate([[0], np.cumsum(lengths[encoding.indices])])[encoding.indptr]
    start = 0
    while start < rows:
        stop = max(start + 1, min(rows, int(np.searchsorted(cost, cost[start] + BUDGET, side="right")) - 1))
        stop = min(stop, start + max(1, BUDGET // n))
        own = slice(encoding.indptr[start], encoding.indptr[stop])
        column, weight = encoding.indices[own], encoding.data[own]
        count = lengths[column]
        row = np.repeat(np.arange(stop - start), np.diff(encoding.indptr[start : stop + 1]))
        # each weight V[i, l] meets the whole column l: positions first..first + count of the column arrays
        place = np.repeat(columns.indptr[column] - (np.cumsum(count) - count), count) + np.arange(count.sum())
        smaller = np.minimum(np.repeat(weight, count), columns.data[place])
        cell = np.repeat(row * n, count) + columns.indices[place]
        yield slice(start, stop), np.bincount(cell, smaller, (stop - start) * n).reshape(-1, n)
        start = stop


def jaccard_similarity(features: Tensor | np.ndarray, *, k1: int = 20, k2: int = 6, smallest: float = 0.0) -> csr_array:
    r"""Jaccard similarity of reciprocal neighbourhoods, sparse: most pairs of images share none.

    .. math:: s_{ij} = \frac{\sum_l \min(V_{il}, V_{jl})}{\sum_l \max(V_{il}, V_{jl})}
              = \frac{m_{ij}}{2 - m_{ij}}, \qquad m_{ij} = \sum_l \min(V_{il}, V_{jl})

    (Zhong et al., CVPR 2017, section 3.3; the second form holds because rows of V sum to 1), with V
    of :func:`~rbcl_lite.clustering.encoding.encode`, unscaled squared Euclidean distances.

    Args:
        features: [N, D], any length of rows.
        k1: size of a neighbourhood besides the image itself, 1..N-1; 1 to 1.5 times the images per
            identity.
        k2: images in the query expansion, 1..N; 1 leaves it out.
        smallest: similarities below are left out, which saves memory.

    Returns:
        scipy CSR [N, N] float32, 0..1. A missing entry is a similarity below ``smallest``, or of 0.

    Raises:
        ValueError: k1 or k2 does not fit N; NaN, infinity or a zero vector (the row is named).

    >>> jaccard_similarity(torch.eye(2).repeat_interleave(2, 0), k1=1, k2=1).toarray().tolist()[0]
    [1.0, 1.0, 0.0, 0.0]
    """
    encoding = encode(unit_vectors(features), k1=k1, k2=k2)
    n = encoding.shape[0]
    data, indices, lengths = [np.empty(0, np.float32)], [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    for _, shared in overlaps(encoding, n):
        similarity = shared / (2 - shared)
        row, column = np.nonzero(similarity > 0 if smallest <= 0 else similarity >= smallest)
        data.append(similarity[row, column].astype(np.float32).clip(0, 1))
        indices.append(column.astype(np.int32))
        lengths.append(np.bincount(row, minlength=len(shared)))
    indptr = np.cumsum(np.concatenate(lengths))
    return csr_array((np.concatenate(data), np.concatenate(indices), indptr), shape=(n, n))


def jaccard_distance(features: Tensor | np.ndarray, *, k1: int = 20, k2: int = 6) -> Tensor:
    r"""Jaccard distance :math:`d_{ij} = 1 - s_{ij}` of all pairs, dense (Zhong et al., CVPR 2017,
    section 3.3).

    1 where two images share no reciprocal neighbour, 0 where they share all with equal weights.
    Needs 4 N^2 bytes; :func:`jaccard_similarity` is the sparse form, on which
    :func:`~rbcl_lite.clustering.pseudo_labels` works.

    Args:
        features: [N, D], any length of rows.
        k1: see :func:`jaccard_similarity`.
        k2: see :func:`jaccard_similarity`.

    Returns:
        [N, N] float32 on the CPU, 0..1, zeros on the diagonal.

    Raises:
        ValueError: see :func:`jaccard_similarity`.

    >>> jaccard_distance(torch.eye(2).repeat_interleave(2, 0), k1=1, k2=1)[0]
    tensor([0., 0., 1., 1.])
    """
    encoding = encode(unit_vectors(features), k1=k1, k2=k2)
    n = encoding.shape[0]
    distance = np.empty((n, n), np.float32)
    for rows, shared in overlaps(encoding, n):
        distance[rows] = 1 - shared / (2 - shared)
    np.fill_diagonal(distance, 0)
    return torch.from_numpy(distance.clip(0, 1, out=distance))


def unit_vectors(features: Tensor | np.ndarray) -> Tensor:
    """The rows at length 1; a row that has none (NaN, infinity, zero) raises ValueError."""
    vectors = torch.as_tensor(features)
    return Features(vectors, torch.arange(len(vectors))).vectors
