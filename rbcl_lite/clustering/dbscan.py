"""Pseudo labels: identities guessed by clustering."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.cluster import DBSCAN
from torch import Tensor

from rbcl_lite.clustering.jaccard import jaccard_similarity


def pseudo_labels(
    features: Tensor | np.ndarray, *, eps: float = 0.6, min_samples: int = 4, k1: int = 20, k2: int = 6
) -> Tensor:
    """Clusters of images that probably show one person: DBSCAN on the Jaccard distance (Song et al.
    2020).

    The defaults of ``eps`` and ``min_samples`` are those of the strong baseline of OpenUnReID and
    of Cluster Contrast (Dai et al. 2021); both use k1 = 30 on Market-1501, where a person has 17
    training images on average.

    Args:
        features: [N, D], any length of rows.
        eps: largest Jaccard distance of neighbours, strictly between 0 and 1.
        min_samples: images within ``eps``, the image itself included, that make it the core of a
            cluster.
        k1: size of a neighbourhood besides the image itself, 1..N-1; 1 to 1.5 times the images per
            identity.
        k2: images in the query expansion, 1..N; 1 leaves it out.

    Returns:
        LongTensor [N] on the CPU: clusters 0..C-1 in order of their first core image, and -1 for
        outliers, which belong to no cluster. With one cluster, or none, there is nothing to learn
        from: look at ``eps`` and ``k1``.

    Raises:
        ValueError: eps or min_samples out of range, k1 or k2 that does not fit N, vectors without a
            direction.

    >>> two_people = torch.eye(2).repeat_interleave(4, 0) + 0.01 * torch.arange(8.0)[:, None]
    >>> pseudo_labels(torch.cat([two_people, -torch.ones(1, 2)]), k1=3, k2=2)
    tensor([ 0,  0,  0,  0,  1,  1,  1,  1, -1])
    """
    if not 0 < eps < 1:
        raise ValueError(f"eps is a Jaccard distance strictly between 0 and 1, got {eps}; 0.4 to 0.7 is usual")
    if min_samples < 1:
        raise ValueError(f"min_samples must be at least 1, got {min_samples}")
    graph = jaccard_similarity(features, k1=k1, k2=k2, smallest=1 - eps)
    # DBSCAN reads a sparse matrix as a graph: what is not stored is no neighbour, and a stored zero is one
    distance = csr_matrix((1 - graph.data, graph.indices, graph.indptr), shape=graph.shape)
    labels = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(distance)
    return torch.from_numpy(labels.astype(np.int64))
