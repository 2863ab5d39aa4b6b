"""Hot-refresh (Zhang et al. 2022): old and new negatives at once, for a half-new gallery."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss


@full_precision
def hot_refresh_loss(
    new: Tensor, old: Tensor, ids: Tensor, *, temperature: float = 0.05, hardest: int | None = 10
) -> Tensor:
    r"""Regression-alleviating compatible training, RACT (Zhang et al. 2022, "Hot-Refresh Model
    Upgrades").

    .. math:: L = -\frac1B \sum_i \log \frac{e^{\cos(n_i, o_i)/\tau}}{e^{\cos(n_i, o_i)/\tau}
              + \sum_{j \in O_i} e^{\cos(n_i, o_j)/\tau} + \sum_{j \in N_i} e^{\cos(n_i, n_j)/\tau}}

    The only positive is the image's own old vector. :math:`O_i` and :math:`N_i` are the ``hardest``
    images of other identities with the largest cosine in old and in new vectors, each chosen on its
    own. The gradient reaches both vectors of a new-new pair: the published code gathers the second
    one without a gradient, which trains the anchor alone. The authors use a temperature of 0.01; on
    the small batches of this package 0.05 is the default.

    Args:
        new: [B, D] new vectors, any length.
        old: [B, D] old vectors of the same images, any length; no gradient flows into them.
        ids: [B] integers.
        temperature: :math:`\tau`, in units of cosine.
        hardest: number of negatives on each side, or None for all.

    Returns:
        Scalar, mean over the batch. An image without a negative contributes log 1 = 0: with a
        single identity, or an empty batch, the loss is zero.

    Raises:
        ValueError: wrong shapes, a temperature that is not positive, or ``hardest`` below 1.

    >>> new = old = torch.eye(2)
    >>> hot_refresh_loss(new, old, torch.tensor([4, 7]), temperature=0.5)
    tensor(0.2395)
    """
    check_matrix("new", new)
    check_matrix("old", old, new.shape[1])
    check_labels("ids", ids, len(new))
    if len(old) != len(new):
        raise ValueError(f"new has {len(new)} rows and old has {len(old)}; row i of both must be the same image")
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    if hardest is not None and hardest < 1:
        raise ValueError(f"hardest is a number of negatives, at least 1 (or None for all), got {hardest}")
    same = ids[:, None] == ids[None, :]  # [B, B]
    if bool(same.all()):
        return zero_loss(new)
    n, o = F.normalize(new, dim=1), F.normalize(old.detach(), dim=1)
    take = len(ids) if hardest is None else min(hardest, len(ids))
    to_old, to_new = n @ o.t() / temperature, n @ n.t() / temperature
    columns = [to_old.diagonal()[:, None]]  # the positive stands first
    for scores in (to_old, to_new):
        columns.append(scores.masked_fill(same, -torch.inf).topk(take, dim=1).values)
    scores = torch.cat(columns, dim=1)  # [B, 1 + 2 * take]
    return (scores.logsumexp(dim=1) - scores[:, 0]).mean()
