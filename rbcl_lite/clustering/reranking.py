"""Re-ranking with k-reciprocal neighbours."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.base.tensors import full_precision
from rbcl_lite.clustering.encoding import encode
from rbcl_lite.clustering.jaccard import overlaps
from rbcl_lite.features import Features


def rerank(query: Features, gallery: Features, *, k1: int = 20, k2: int = 6, weight: float = 0.3) -> Tensor:
    r"""Distances of queries to gallery images, corrected by the neighbourhoods they share.

    .. math:: d^*_{qg} = \lambda\, \frac{d_{qg}}{\max_l d_{ql}} + (1 - \lambda)\, d^J_{qg}

    (Zhong et al., CVPR 2017, section 3.5) with :math:`d` = squared Euclidean distance of unit
    vectors, its largest value over all queries and gallery images, and :math:`d^J` = Jaccard
    distance of encodings with these scaled distances
    (:func:`~rbcl_lite.clustering.encoding.encode`), in which queries count as neighbours too. It
    equals torchreid's ``re_ranking`` when that is given plain Euclidean distances: it squares what
    it is given.

    Re-ranking looks at all queries at once. A system that answers one query at a time cannot do
    that.

    Args:
        query: Q vectors.
        gallery: G vectors of the same dimension; possibly of another, compatible model.
        k1: size of a neighbourhood besides the image itself, 1..Q+G-1; 1 to 1.5 times the images
            per identity.
        k2: images in the query expansion, 1..Q+G; 1 leaves it out.
        weight: share lambda of the original distance, 0..1.

    Returns:
        [Q, G] float32 on the CPU, 0..1, small is near;
        :func:`~rbcl_lite.metrics.evaluate_distances` takes it.

    Raises:
        ValueError: different dimensions, an empty gallery, a weight outside 0..1, k1 or k2 that
            does not fit Q + G.

    >>> gallery = Features(torch.tensor([[1.0, 0.1], [0.1, 1.0], [0.0, 1.0]]), [1, 2, 2])
    >>> rerank(Features(torch.tensor([[1.0, 0.0]]), [1]), gallery, k1=1, k2=1)
    tensor([[0.0051, 0.9701, 1.0000]])
    """
    if query.dim != gallery.dim:
        raise ValueError(
            f"queries have {query.dim} dimensions, the gallery {gallery.dim}; "
            "bring both to one width with Features.fit(dim)"
        )
    if not len(gallery):
        raise ValueError("the gallery is empty: there is nothing to rank")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is the share of the original distance, 0..1, got {weight}")
    vectors = torch.cat([query.vectors, gallery.vectors.to(query.vectors)])
    count = len(query)
    result = np.empty((count, len(gallery)), np.float32)
    for rows, shared in overlaps(encode(vectors, k1=k1, k2=k2, scaled=True), count):
        shared = shared[:, count:]
        original = _scaled_distances(vectors[rows], vectors)[:, count:].cpu().numpy()
        result[rows] = weight * original + (1 - weight) * (1 - shared / (2 - shared))
    return torch.from_numpy(result)


@full_precision
def _scaled_distances(some: Tensor, everyone: Tensor) -> Tensor:
    """[B, N] squared Euclidean distances of unit rows, each row divided by its largest."""
    distance = (2 - 2 * some @ everyone.T).clamp(min=0)
    return distance / distance.amax(1, keepdim=True).clamp(min=torch.finfo(distance.dtype).tiny)
