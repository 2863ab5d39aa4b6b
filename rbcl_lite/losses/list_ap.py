"""Average precision of one ranked list, from its definition: exact, or smooth."""

from __future__ import annotations

import torch
from torch import Tensor


def list_ap(scores: Tensor, positive: Tensor, temperature: float = 0.0) -> Tensor:
    r"""Average precision of one list (or of many) given by its scores, from the definition.

    .. math:: \mathrm{AP} = \frac{1}{|P|} \sum_{p \in P} \frac{a_p}{a_p + b_p}, \qquad
              a_p = 1 + \sum_{k \in P, k \ne p} H(s_k - s_p), \quad b_p = \sum_{n \in N} H(s_n - s_p)

    :math:`H` is the step "stands before" at temperature 0, and the sigmoid of x / temperature
    otherwise (Brown et al. 2020, equation 6).

    Args:
        scores: [..., R] similarities.
        positive: bool [R].
        temperature: tau; 0 for the exact value (ties count as standing before).

    Returns:
        [...], between 0 and 1.

    >>> list_ap(torch.tensor([0.9, 0.8, 0.7, 0.6]), torch.tensor([True, False, True, False]))
    tensor(0.8333)
    """
    here = positive.nonzero()[:, 0]
    gap = scores[..., None, :] - scores[..., here, None]  # [..., P, R]: s_j - s_p
    before = torch.sigmoid(gap / temperature) if temperature else (gap >= 0).to(scores)
    before = before * (torch.arange(len(positive)) != here[:, None])  # nothing stands before itself
    a = 1 + (before * positive).sum(-1)
    b = (before * ~positive).sum(-1)
    return (a / (a + b)).mean(-1)
