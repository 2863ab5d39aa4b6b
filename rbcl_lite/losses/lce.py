"""LCE (Meng et al. 2021): new vectors stay inside the old class's cone, the new classifier on its
axis.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss
from rbcl_lite.losses.extent import class_extent
from rbcl_lite.losses.influence import class_prototypes


def _angle(cosine: Tensor) -> Tensor:
    """Arc cosine with a finite slope at both ends."""
    edge = 1 - 2 * torch.finfo(cosine.dtype).eps
    return cosine.clamp(-edge, edge).acos()


@full_precision
@torch.no_grad()
def class_cones(old: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    r"""Axis and opening of each class in the old space.

    Args:
        old: [N, D] old vectors, any length.
        labels: [N] integers in 0..num_classes-1.
        num_classes: number of classes C.

    Returns:
        Unit centres [C, D], and angles [C] in radians between the centre and its farthest image,
        images beyond 1.5 interquartile ranges left out.

    Raises:
        ValueError: wrong shapes, a label out of range, or a class without image.

    >>> centres, angles = class_cones(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0]), 1)
    >>> angles
    tensor([0.7854])
    """
    check_labels("labels", labels, len(old), num_classes)
    centres = class_prototypes(old, labels, num_classes)
    angles = _angle((F.normalize(old, dim=1) * centres[labels.long()]).sum(dim=1))
    return centres, class_extent(angles, labels.long(), num_classes)


@full_precision
def cone_loss(new: Tensor, centres: Tensor, angles: Tensor, labels: Tensor) -> Tensor:
    r"""Boundary loss: how far the new vectors stick out of the old class's cone (Meng et al. 2021).

    .. math:: L = \frac1B \sum_i \big[\arccos(\bar c_{y_i} \cdot \bar f^n_i) - \theta_{y_i}\big]_+

    In angles, as in AdvBCT's re-implementation; the authors' code compares cosines, so that weights
    do not carry over.

    Args:
        new: [B, D] new vectors, any length.
        centres: [C, D] and
        angles: [C] in radians, from :func:`class_cones`; no gradient flows into them.
        labels: [B] integers in 0..C-1.

    Returns:
        Scalar in radians, mean over the whole batch (vectors inside count as 0); zero for an empty
        batch.

    Raises:
        ValueError: wrong shapes, or a label out of range.

    >>> cone_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([0.5]), torch.tensor([0]))
    tensor(1.0708)
    """
    check_matrix("new", new)
    check_matrix("centres", centres, new.shape[1])
    check_labels("labels", labels, len(new), len(centres))
    if angles.shape != (len(centres),):
        raise ValueError(f"angles must be [{len(centres)}] like the rows of centres, got {list(angles.shape)}")
    if not len(new):
        return zero_loss(new)
    labels = labels.long()
    cosine = (F.normalize(new, dim=1) * F.normalize(centres.detach(), dim=1)[labels]).sum(dim=1)
    return F.relu(_angle(cosine) - angles.detach()[labels]).mean()


@full_precision
def classifier_alignment_loss(weight: Tensor, centres: Tensor, labels: Tensor | None = None) -> Tensor:
    r"""Pull the rows of the new classifier onto the old class centres (Meng et al. 2021).

    .. math:: L = \frac1B \sum_i \big(1 - \cos(W_{y_i}, c_{y_i})\big)

    The form is that of AdvBCT's re-implementation. The authors' code takes the mean square of the
    difference of the unit vectors times 100, which is 200 / D times this loss.

    Args:
        weight: [C, D] rows of the new classifier, any length.
        centres: [C, D] old class centres, any length; no gradient flows into them.
        labels: [B] integers, the classes of a batch; None for the mean over all classes.

    Returns:
        Scalar between 0 and 2; zero for an empty batch.

    Raises:
        ValueError: wrong shapes, or a label out of range.

    >>> classifier_alignment_loss(torch.eye(2), torch.tensor([[0.0, 3.0], [0.0, 1.0]]))
    tensor(0.5000)
    """
    check_matrix("weight", weight)
    check_matrix("centres", centres, weight.shape[1])
    if len(weight) != len(centres):
        raise ValueError(f"weight has {len(weight)} classes and centres has {len(centres)}")
    if labels is not None:
        check_labels("labels", labels, len(labels), len(weight))
        weight, centres = weight[labels.long()], centres[labels.long()]
    if not len(weight):
        return zero_loss(weight)
    return (1 - F.cosine_similarity(weight, centres.detach(), dim=1)).mean()
