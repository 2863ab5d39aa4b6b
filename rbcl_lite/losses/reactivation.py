"""Dynamic gradient reactivation: constants that bring negatives back to where a slope is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

Kind = Literal["hardest", "pair"]


@dataclass(frozen=True)
class Reactivation:
    """Which constants are added to the differences of a ranking loss before its sigmoid.

    With d_pn = s_n - s_p, the similarity of a negative minus that of a positive, sg[.] = no
    gradient, (x)+ = max(x, 0):

    ``hardest``: c_p = sg[(margin - max_n d_pn)+], one constant for all negatives of a (query,
    positive) pair. The hardest negative lands on ``margin``, the order of the negatives stays, and
    the constant is zero by itself while a negative still outranks the positive.

    ``pair``: c_pn = sg[(margin - d_pn)+], one constant per negative. Every well-ranked negative
    lands on ``margin`` and gets the same slope, so the order of hardness is lost.

    With ``cap`` the constant is zero where the gap is at least ``cap``: the gap of the hardest
    negative, -max_n d_pn, for ``hardest``, and the gap -d_pn of each negative for ``pair``.
    Comparisons of positives with positives are never shifted.

    This is our reading of the abstract of RBCL (Pan et al. 2022, arXiv 2207.05658), which says that
    suppressed gradients are reactivated "by adding dynamic computed constant during forward step".
    The formulas of the paper were not available to us.

    Args:
        kind: ``"hardest"`` or ``"pair"``.
        margin: difference of cosines onto which a suppressed negative is moved; 0 is the steepest
            point.
        cap: gap of cosines, above 0, from which on nothing is reactivated; None for no limit.

    Raises:
        ValueError: unknown kind, a margin that is not finite, a cap that is not positive.

    >>> difference = torch.tensor([[-0.10, -0.25, -0.50]])
    >>> Reactivation().constants(difference)
    tensor([[0.1000]])
    >>> Reactivation("pair", cap=0.4).constants(difference)
    tensor([[0.1000, 0.2500, 0.0000]])
    """

    kind: Kind = "hardest"
    margin: float = 0.0
    cap: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {get_args(Kind)}, got {self.kind!r}")
        if not math.isfinite(self.margin):
            raise ValueError(f"margin must be a finite difference of cosines, got {self.margin}")
        if self.cap is not None and not self.cap > 0:
            raise ValueError(f"cap must be a gap above 0, or None for no limit, got {self.cap}")

    @torch.no_grad()
    def constants(self, difference: Tensor) -> Tensor:
        """The constants c for the differences d_pn = s_n - s_p of one or many (query, positive)
        pairs.

        Args:
            difference: [..., N] over the negatives of a pair, in the unit of ``margin``; -inf marks
                a column that is no negative and gets the constant 0.

        Returns:
            [..., 1] for ``hardest``, [..., N] for ``pair``; no gradient.
        """
        if self.kind == "hardest" and difference.shape[-1]:
            difference = difference.amax(-1, keepdim=True)
        limit = math.inf if self.cap is None else self.cap
        lift = (self.margin - difference).clamp_min(0)
        return torch.where(difference > -limit, lift, torch.zeros_like(lift))  # -inf > -inf is false

    def scaled(self, factor: float) -> Reactivation:
        """The same rule for differences that were multiplied by ``factor`` (1 / temperature in the
        losses).
        """
        return replace(self, margin=self.margin * factor, cap=None if self.cap is None else self.cap * factor)
