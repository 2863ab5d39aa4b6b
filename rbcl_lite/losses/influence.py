"""Influence loss (Shen et al. 2020): the old classifier judges the new vectors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss


def _known(name: str, labels: Tensor, n: int, classes: int) -> Tensor:
    """The mask of labels that name a class, after the check; -1 stands for "no class"."""
    check_labels(name, labels, n, classes, none=True)
    return labels >= 0


@full_precision
def influence_loss(new: Tensor, prototypes: Tensor, labels: Tensor, *, logit_scale: float = 16.0) -> Tensor:
    r"""Cross-entropy of the new vectors against frozen prototypes of the old space (Shen et al.
    2020).

    .. math:: L = -\frac1B \sum_i \log \frac{e^{s \cos(f^n_i, w^o_{y_i})}}{\sum_c e^{s \cos(f^n_i, w^o_c)}}

    The scale :math:`s` belongs to the formula: with bare cosines, as in one published port, the
    loss over many classes can hardly change, and it acts as a constant pull instead of a
    classifier. Use the scale with which the old classifier was trained.

    Args:
        new: [B, D] new vectors, any length.
        prototypes: [C, D] rows of the old classifier or class means of old vectors
            (:func:`class_prototypes`, :func:`extend_prototypes`), any length; no gradient flows
            into them.
        labels: [B] integers in 0..C-1, or -1 for an image whose class has no prototype: it is left
            out.
        logit_scale: :math:`s`.

    Returns:
        Scalar, mean over the images with a prototype; zero if there is none.

    Raises:
        ValueError: wrong shapes, a label outside -1..C-1, a logit_scale that is not positive.

    >>> influence_loss(torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.eye(2), torch.tensor([1, -1]), logit_scale=10.0)
    tensor(0.1269)
    """
    check_matrix("new", new)
    check_matrix("prototypes", prototypes, new.shape[1])
    known = _known("labels", labels, len(new), len(prototypes))
    if logit_scale <= 0:
        raise ValueError(f"logit_scale must be positive, got {logit_scale}")
    if not bool(known.any()):
        return zero_loss(new)
    cosine = F.normalize(new[known], dim=1) @ F.normalize(prototypes.detach(), dim=1).t()  # [B', C]
    return F.cross_entropy(logit_scale * cosine, labels[known].long())


@full_precision
def class_prototypes(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    r"""Unit vector of the mean of a class's unit vectors, the synthesised classifier of Shen et al.
    2020.

    .. math:: w_c = \frac{m_c}{\lVert m_c \rVert}, \qquad m_c = \frac{1}{n_c} \sum_{y_i = c} \bar f_i

    Args:
        features: [N, D], any length.
        labels: [N] integers in 0..num_classes-1, or -1 for an image that is left out.
        num_classes: number of classes C.

    Returns:
        [C, D] without gradient.

    Raises:
        ValueError: wrong shapes, a label out of range, or a class without any image.

    >>> class_prototypes(torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 7.0]]), torch.tensor([0, 0, 1]), 2)
    tensor([[0.7071, 0.7071],
            [0.0000, 1.0000]])
    """
    check_matrix("features", features)
    known = _known("labels", labels, len(features), num_classes)
    kept = labels[known].long()
    empty = (torch.bincount(kept, minlength=num_classes) == 0).nonzero()[:, 0]
    if len(empty):
        raise ValueError(
            f"{len(empty)} of {num_classes} classes have no image, first class {int(empty[0])}; "
            "number the classes 0..num_classes-1 without gaps"
        )
    units = F.normalize(features.detach()[known], dim=1)
    # The length of the sum cancels, so the mean need not be formed.
    return F.normalize(units.new_zeros(num_classes, units.shape[1]).index_add_(0, kept, units), dim=1)


@full_precision
def extend_prototypes(old_weight: Tensor, old_class_of: Tensor, synthesised: Tensor) -> Tensor:
    """Rows of the old classifier for the classes that it knows, synthesised rows for the new ones.

    Shen et al. (2020) synthesise a row only where the old classifier has none; replacing learned
    rows by class means too, as one published port does, is another method.

    Args:
        old_weight: [C_old, D] rows of the old classifier, any length.
        old_class_of: [C_new] for each new class its class in the old classifier, -1 where it has
            none.
        synthesised: [C_new, D] from :func:`class_prototypes` on old vectors.

    Returns:
        [C_new, D] unit vectors without gradient.

    Raises:
        ValueError: wrong shapes, or an old class outside -1..C_old-1.

    >>> extend_prototypes(torch.tensor([[0.0, 5.0]]), torch.tensor([-1, 0]), torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_matrix("old_weight", old_weight)
    check_matrix("synthesised", synthesised, old_weight.shape[1])
    known = _known("old_class_of", old_class_of, len(synthesised), len(old_weight))
    rows = F.normalize(synthesised.detach(), dim=1).clone()
    rows[known] = F.normalize(old_weight.detach(), dim=1)[old_class_of[known].long()].to(rows.dtype)
    return rows
