"""Elastic boundary of AdvBCT (Pan et al. 2023): a learnable sphere around each old class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss
from rbcl_lite.losses.extent import class_extent


@full_precision
@torch.no_grad()
def class_spheres(old: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Centre and radius of each class in the old space.

    Args:
        old: [N, D] old vectors, any length.
        labels: [N] integers in 0..num_classes-1.
        num_classes: number of classes C.

    Returns:
        Centres [C, D], means of unit vectors that are *not* normalised again, and radii [C]: the
        largest Euclidean distance to the centre, images beyond 1.5 interquartile ranges left out.

    Raises:
        ValueError: wrong shapes, a label out of range, or a class without image.

    >>> class_spheres(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0]), 1)
    (tensor([[0.5000, 0.5000]]), tensor([0.7071]))
    """
    check_matrix("old", old)
    check_labels("labels", labels, len(old), num_classes)
    labels = labels.long()
    counts = torch.bincount(labels, minlength=num_classes)
    if bool((counts == 0).any()):
        raise ValueError(f"class {int((counts == 0).nonzero()[0])} has no image; number the classes without gaps")
    units = F.normalize(old, dim=1)
    centres = units.new_zeros(num_classes, old.shape[1]).index_add_(0, labels, units) / counts[:, None]
    return centres, class_extent((units - centres[labels]).norm(dim=1), labels, num_classes)


@full_precision
def elastic_radii(radii: Tensor, elasticity: Tensor, threshold: float = 1.0) -> Tensor:
    r"""Learnable boundaries between the old class's radius and a common threshold (Pan et al.
    2023).

    .. math:: r^e_k = r_k \pm |r_k - t|\,\sigma(w_k) = \big(1 - \sigma(w_k)\big)\, r_k + \sigma(w_k)\, t

    Args:
        radii: [C] from :func:`class_spheres`.
        elasticity: [C] the learnable :math:`w`, one per class.
        threshold: :math:`t`, a Euclidean distance; 1.0 in the authors' configuration.

    Returns:
        [C].

    >>> elastic_radii(torch.tensor([0.4, 1.2]), torch.zeros(2))
    tensor([0.7000, 1.1000])
    """
    return torch.lerp(radii, torch.full_like(radii, threshold), elasticity.sigmoid().to(radii.dtype))


@full_precision
def point_to_set_loss(new: Tensor, centres: Tensor, radii: Tensor, labels: Tensor) -> Tensor:
    r"""How far the vectors that leave the old class's sphere are outside, mean over these alone
    (Pan et al. 2023).

    .. math:: L = \frac{1}{|V|} \sum_{i \in V} \big(\lVert \bar f^n_i - c_{y_i} \rVert - r_{y_i}\big),
              \qquad V = \{i : \lVert \bar f^n_i - c_{y_i} \rVert > r_{y_i}\}

    The slope towards a radius is never positive, so that training can only widen a learnable
    boundary: towards the larger of the old radius and the threshold of :func:`elastic_radii`.

    Args:
        new: [B, D] new vectors, any length.
        centres: [C, D] from :func:`class_spheres`; no gradient flows into them.
        radii: [C] of :func:`elastic_radii`; their gradient is kept.
        labels: [B] integers in 0..C-1.

    Returns:
        Scalar, a Euclidean distance; zero if no vector is outside.

    Raises:
        ValueError: wrong shapes, or a label out of range.

    >>> point_to_set_loss(torch.eye(2), torch.tensor([[1.0, 0.0]]), torch.tensor([0.4]), torch.tensor([0, 0]))
    tensor(1.0142)
    """
    check_matrix("new", new)
    check_matrix("centres", centres, new.shape[1])
    check_labels("labels", labels, len(new), len(centres))
    if radii.shape != (len(centres),):
        raise ValueError(f"radii must be [{len(centres)}] like the rows of centres, got {list(radii.shape)}")
    labels = labels.long()
    # vector_norm's slope at 0 is 0, not NaN; a vector on its centre is inside anyway.
    excess = torch.linalg.vector_norm(F.normalize(new, dim=1) - centres.detach()[labels], dim=1) - radii[labels]
    outside = excess[excess > 0]
    return outside.mean() if len(outside) else zero_loss(new, radii)


class ElasticBoundary(nn.Module):
    """The point-to-set loss with one learnable elasticity per class.

    It starts at 0, halfway between radius and threshold (the start is our choice). Give
    :meth:`parameters` to the optimiser; weight decay, as the training loop of this package has it,
    draws an elasticity back to that start.

    Args:
        centres: [C, D] and
        radii: [C], from :func:`class_spheres`.
        threshold: see :func:`elastic_radii`.

    >>> boundary = ElasticBoundary(torch.tensor([[1.0, 0.0]]), torch.tensor([0.4]))
    >>> boundary(torch.eye(2), torch.tensor([0, 0]))
    tensor(0.7142, grad_fn=<MeanBackward0>)
    """

    centres: Tensor
    radii: Tensor

    def __init__(self, centres: Tensor, radii: Tensor, threshold: float = 1.0) -> None:
        super().__init__()
        self.threshold = threshold
        self.register_buffer("centres", centres.detach().clone())
        self.register_buffer("radii", radii.detach().clone())
        self.elasticity = nn.Parameter(torch.zeros_like(self.radii))

    def forward(self, new: Tensor, labels: Tensor) -> Tensor:
        """The loss of new vectors [B, D] with labels [B]."""
        return point_to_set_loss(new, self.centres, elastic_radii(self.radii, self.elasticity, self.threshold), labels)
