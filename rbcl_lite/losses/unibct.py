"""UniBCT (Zhang et al. 2022): old prototypes refined on the new model's neighbourhood graph."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision


@full_precision
@torch.no_grad()
def refine_prototypes(
    new: Tensor, old: Tensor, labels: Tensor, num_classes: int, *, damping: float = 0.9, temperature: float = 0.05
) -> Tensor:
    r"""Class prototypes from old vectors that were smoothed along new similarities (Zhang et al.
    2022, "UniBCT").

    Inside each class, with :math:`n_c` images,

    .. math:: E_{ij} = \frac{e^{\cos(f^n_i, f^n_j)/\tau}}{\sum_{k \ne i} e^{\cos(f^n_i, f^n_k)/\tau}},\ E_{ii} = 0,
              \qquad \tilde V = (1 - \lambda)(I - \lambda E)^{-1} \bar V^o,
              \qquad w_c = \frac{1}{n_c} \sum_i \tilde V_i

    Rows of :math:`E` sum to 1: an old vector that few new neighbours point at counts less. A
    re-implementation normalises columns instead; then :math:`w_c` is exactly the plain mean and the
    refinement does nothing. The rows are normalised at the end, because
    :func:`rbcl_lite.losses.influence.influence_loss` and
    :func:`rbcl_lite.losses.identity.arcface_loss`, which train against them, use the direction
    alone.

    Args:
        new: [N, D_new] new vectors, any length; they make the graph only.
        old: [N, D] old vectors of the same images, any length.
        labels: [N] integers in 0..num_classes-1, in any order.
        num_classes: number of classes C.
        damping: :math:`\lambda`, 0 (plain mean) up to, not including, 1.
        temperature: :math:`\tau`, in units of cosine.

    Returns:
        [C, D] unit vectors without gradient. The prototype of a class with one image is that
        image's old vector.

    Raises:
        ValueError: wrong shapes, a class without image, a damping outside [0, 1), a temperature
            that is not positive.

    >>> new = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])  # the third image is an outlier
    >>> old = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> refine_prototypes(new, old, torch.tensor([0, 0, 0]), 1, damping=0.0)
    tensor([[0.8944, 0.4472]])
    >>> refine_prototypes(new, old, torch.tensor([0, 0, 0]), 1)
    tensor([[0.9994, 0.0345]])
    """
    check_matrix("new", new)
    check_matrix("old", old)
    check_labels("labels", labels, len(old), num_classes)
    if len(new) != len(old):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; row i of both must be the same image")
    if not 0 <= damping < 1:
        raise ValueError(f"damping must lie in [0, 1), got {damping}")
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    counts = torch.bincount(labels.long(), minlength=num_classes).tolist()
    if 0 in counts:
        raise ValueError(f"class {counts.index(0)} has no image; number the classes 0..num_classes-1 without gaps")
    n, o = F.normalize(new, dim=1), F.normalize(old, dim=1)
    rows = []
    for members in torch.argsort(labels, stable=True).split(counts):
        rows.append(_smooth(n[members], o[members], damping, temperature).mean(dim=0))
    return F.normalize(torch.stack(rows), dim=1) if rows else o.new_zeros(0, o.shape[1])


def _smooth(new: Tensor, old: Tensor, damping: float, temperature: float) -> Tensor:
    """Smoothed old vectors of one class: unit rows new [n, D_new], old [n, D] -> [n, D]."""
    if len(old) == 1:  # no neighbour, and a softmax over nothing
        return old
    similarity = (new @ new.t() / temperature).fill_diagonal_(-torch.inf)
    edges = similarity.softmax(dim=1).to(old.dtype)
    identity = torch.eye(len(old), dtype=old.dtype, device=old.device)
    return (1 - damping) * torch.linalg.solve(identity - damping * edges, old)
