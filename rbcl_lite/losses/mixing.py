"""Mixing (MixBCT, Liang et al. 2023): rows of a batch are replaced by their old vectors."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision


def _share(share: float, count: int) -> int:
    """floor(share * count), where 0.29 * 100 = 28.999999999999996 means 29."""
    return math.floor(share * count + 1e-9)


@full_precision
def mix_features(
    new: Tensor,
    old: Tensor,
    *,
    ratio: float = 0.3,
    credible: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    r"""Replace whole rows of the new vectors by the unit old vectors of the same images (Liang et
    al. 2023).

    .. math:: \tilde f_i = m_i \bar f^o_i + (1 - m_i) f^n_i, \qquad m \in \{0, 1\}^B,
              \quad \sum_i m_i = \lfloor \alpha B \rfloor, \quad m_i = 0 \text{ if } i \text{ is not credible}

    This is replacement, no interpolation. A replaced row gives no gradient to ``new``; the
    classifier that follows learns from all rows. New rows keep their length, so use a classifier
    that normalises (:func:`rbcl_lite.losses.identity.arcface_loss`).

    Args:
        new: [B, D] new vectors.
        old: [B, D] old vectors of the same images, any length; no gradient flows into them.
        ratio: the share :math:`\alpha` of the batch to replace, 0 to 1. The count is fixed, no coin
            per row; it is smaller only where too few rows are credible.
        credible: bool [B], rows that may be replaced; None for all.
        generator: source of the random choice; None for torch's global one.

    Returns:
        The mixed vectors [B, D], and bool [B]: which rows were replaced.

    Raises:
        ValueError: wrong shapes, or a ratio outside 0..1.

    >>> new, old = torch.zeros(4, 2), torch.tensor([[0.0, 2.0]] * 4)
    >>> mixed, replaced = mix_features(new, old, ratio=0.5, credible=torch.tensor([True, False, True, False]))
    >>> mixed
    tensor([[0., 1.],
            [0., 0.],
            [0., 1.],
            [0., 0.]])
    """
    check_matrix("new", new)
    check_matrix("old", old, new.shape[1])
    if len(new) != len(old):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; row i of both must be the same image")
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio must lie between 0 and 1, got {ratio}")
    if credible is None:
        credible = torch.ones(len(new), dtype=torch.bool, device=new.device)
    if credible.shape != (len(new),) or credible.dtype != torch.bool:
        raise ValueError(f"credible must be bool [{len(new)}], got {credible.dtype} {list(credible.shape)}")
    rows = credible.nonzero()[:, 0]
    device = generator.device if generator is not None else torch.device("cpu")
    order = torch.randperm(len(rows), generator=generator, device=device).to(rows.device)
    replaced = torch.zeros_like(credible)
    replaced[rows[order[: _share(ratio, len(new))]]] = True
    return torch.where(replaced[:, None], F.normalize(old.detach(), dim=1).to(new.dtype), new), replaced


@full_precision
@torch.no_grad()
def credible_samples(old: Tensor, labels: Tensor, *, keep: float = 0.9) -> Tensor:
    r"""Images whose old vector lies near its class mean: MixBCT's denoising of the old features.

    Rows are normalised, then columns over the whole set (each coordinate is rescaled, without
    centring); in that space the images of each class nearest to the class mean are credible.

    The count kept in a class of n images is :math:`\max(1, \lfloor \text{keep} \cdot n \rfloor)`.
    The official code rounds up, and :math:`\lceil 0.9\,n \rceil = n` for every class of at most
    nine images: with the handful of images per person that re-ID has it would filter nothing. Here
    such a class loses one image.

    Args:
        old: [N, D] old vectors, any length, extracted without augmentation.
        labels: [N] integers, in any order, with or without gaps.
        keep: share of each class to keep, above 0 and up to 1.

    Returns:
        bool [N]. Every class keeps at least one image; ties go to the image that comes first.

    Raises:
        ValueError: wrong shapes, or ``keep`` outside (0, 1].

    >>> old = torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [1.0, 0.2], [0.1, 1.0]])
    >>> credible_samples(old, torch.tensor([7, 7, 7, 7, 3]))
    tensor([ True,  True, False,  True,  True])
    """
    check_matrix("old", old)
    check_labels("labels", labels, len(old))
    if not 0 < keep <= 1:
        raise ValueError(f"keep is the share of each class to keep, 0 < keep <= 1, got {keep}")
    scaled = F.normalize(F.normalize(old, dim=1), dim=0)
    _, place, counts = labels.unique(return_inverse=True, return_counts=True)
    means = scaled.new_zeros(len(counts), old.shape[1]).index_add_(0, place, scaled) / counts[:, None]
    distances = (scaled - means[place]).norm(dim=1)
    near_first = distances.argsort(stable=True)
    order = near_first[place[near_first].argsort(stable=True)]  # by class, and in a class by distance
    starts = (counts.cumsum(0) - counts).repeat_interleave(counts)
    quota = torch.tensor([max(1, _share(keep, n)) for n in counts.tolist()], device=old.device).long()
    credible = torch.zeros(len(old), dtype=torch.bool, device=old.device)
    credible[order] = torch.arange(len(old), device=old.device) - starts < quota.repeat_interleave(counts)
    return credible
