"""Clusters of training images, with each camera's own offset taken out first."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.numbers import check_positive
from rbcl_lite.clustering.dbscan import pseudo_labels


def centre_cameras(vectors: Tensor, cams: Tensor) -> Tensor:
    """Unit vectors less the mean vector of their camera, at unit length again.

    What all images of a camera have in common (light, background, viewpoint) makes them neighbours
    of each other instead of the same person elsewhere. Our choice; it needs no label.

    Args:
        vectors: [N, D] unit rows.
        cams: [N] camera of each.

    Returns:
        [N, D] unit rows. A row that is its camera's mean (a camera with one image) stays as it was.

    >>> v = torch.tensor([[0.6, 0.8], [0.8, 0.6]])
    >>> centre_cameras(v, torch.tensor([1, 1]))
    tensor([[-0.7071,  0.7071],
            [ 0.7071, -0.7071]])
    """
    _, place, counts = cams.unique(return_inverse=True, return_counts=True)
    means = vectors.new_zeros(len(counts), vectors.shape[1]).index_add_(0, place, vectors) / counts[:, None]
    rest = vectors - means[place]
    length = rest.norm(dim=1, keepdim=True)
    return torch.where(length > 1e-6, F.normalize(rest, dim=1), vectors)


@dataclass(frozen=True)
class Clustering:
    """The options of :func:`~rbcl_lite.clustering.pseudo_labels`, cut to what a small set allows.

    Args:
        eps: largest Jaccard distance of neighbours.
        min_samples: images within ``eps`` that make the core of a cluster.
        k1: neighbours of an image.
        k2: images in the query expansion.
        centred: :func:`centre_cameras` first, where cameras are known.

    Raises:
        ValueError: a number out of range; now, not when half of the training is over.
    """

    eps: float
    min_samples: int
    k1: int
    k2: int
    centred: bool

    def __post_init__(self) -> None:
        if not 0 < self.eps < 1:
            raise ValueError(f"eps is a Jaccard distance strictly between 0 and 1, got {self.eps}; 0.4 to 0.7 is usual")
        check_positive(min_samples=self.min_samples, k1=self.k1, k2=self.k2)

    def __call__(self, vectors: Tensor, cams: Tensor | None) -> Tensor:
        """Cluster of each of N images, 0..C-1, or -1."""
        if self.centred and cams is not None:
            vectors = centre_cameras(vectors, cams)
        k1, k2 = min(self.k1, len(vectors) - 1), min(self.k2, len(vectors))
        return pseudo_labels(vectors, eps=self.eps, min_samples=self.min_samples, k1=k1, k2=k2)
