"""Kernel of the ranking losses: value and gradient in the memory of one [B, R] matrix.

Comparing every pair of references for every query takes B x R x R numbers. Only the comparisons
with a positive matter, so this file walks over the positives: the first positive of every query,
then the second, and so on. Queries are sorted by their number of positives, so that those which
have a k-th positive are always the first rows and no row is padded. The gradient is collected on
the way, while the sigmoids are at hand, so that backward is one product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from rbcl_lite.base.tensors import check_pairs
from rbcl_lite.losses.reactivation import Reactivation

Step = Callable[[Tensor, bool], tuple[Tensor, Tensor | None]]

CPU_BLOCK = 2**18  # numbers per block: 1 MiB of float32, so that its few passes stay in the cache
GPU_BLOCK = 2**25  # 128 MiB of float32


@dataclass
class Pairs:
    """The queries that have a positive, most positives first, and what each is compared with.

    Attributes:
        logits: [Q, R] cosine / temperature, on the graph of query and reference.
        negative: bool [Q, R], other identity and not ignored.
        column: [Q, K] columns of the positives; entries from ``counts`` on are padding.
        counts: [Q] number of positives, at least 1, descending.
        alive: for each k < K, how many queries have more than k positives.
    """

    logits: Tensor
    negative: Tensor
    column: Tensor
    counts: Tensor
    alive: list[int]

    def parts(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the negatives [Q, R] and of the positives [Q, K], -inf where there is none."""
        padding = torch.arange(len(self.alive), device=logits.device) >= self.counts[:, None]
        positive = logits.gather(1, self.column).masked_fill_(padding, -torch.inf)
        return logits.masked_fill(~self.negative, -torch.inf), positive

    def slots(self) -> Iterator[tuple[slice, int]]:
        """Every (rows, k): a block of queries that all have a k-th positive."""
        limit = CPU_BLOCK if self.logits.device.type == "cpu" else GPU_BLOCK
        step = max(1, limit // self.logits.shape[1])
        for start in range(0, len(self.logits), step):
            for k, alive in enumerate(self.alive):
                if alive <= start:
                    break
                yield slice(start, min(start + step, alive)), k


def compared(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    temperature: float,
    ignore: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Check the arguments; which references are positives and which are negatives of each query, bool [B, R]."""
    check_pairs(query, reference, query_ids, reference_ids, ignore)
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    positive = query_ids[:, None] == reference_ids
    negative = ~positive
    return (positive, negative) if ignore is None else (positive & ~ignore, negative & ~ignore)


def scaled_cosine(query: Tensor, reference: Tensor, temperature: float) -> Tensor:
    """Cosine / temperature [B, R]; to divide the queries instead of the product saves a pass over it."""
    return (F.normalize(query, dim=1) / temperature) @ F.normalize(reference, dim=1).T


def arrange(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    temperature: float,
    ignore: Tensor | None,
) -> Pairs | None:
    """Normalise, and sort out who is compared with whom; None if no query has a positive."""
    positive, negative = compared(query, reference, query_ids, reference_ids, temperature, ignore)
    counts, order = positive.sum(1).sort(descending=True)
    sizes = counts.tolist()  # the only wait for a GPU
    queries = sum(size > 0 for size in sizes)
    if not queries:
        return None
    counts, order, most = counts[:queries], order[:queries], sizes[0]
    alive = [sum(size > k for size in sizes) for k in range(most)]
    positive = positive[order]
    slot = torch.where(positive, positive.cumsum(1) - 1, most)  # the rest goes to a last column, which is cut off
    columns = torch.arange(positive.shape[1], device=slot.device).expand_as(slot)
    column = slot.new_zeros(queries, most + 1).scatter_(1, slot, columns)[:, :most].contiguous()
    return Pairs(scaled_cosine(query[order], reference, temperature), negative[order], column, counts, alive)


def shifted(negative: Tensor, positive: Tensor, hardest: Tensor, reactivation: Reactivation | None) -> Tensor:
    """Differences negative - positive with the constants of ``reactivation`` added; all in units of
    the temperature.

    Args:
        negative: [m, R], -inf where there is no negative.
        positive: [m, 1].
        hardest: [m, 1], the largest of each row of ``negative``.
        reactivation: already scaled to that unit, or None.
    """
    if reactivation is None:
        return negative - positive
    if reactivation.kind == "hardest":  # one constant per row: added to the positive it costs no pass over [m, R]
        return negative - (positive - reactivation.constants(hardest - positive))
    difference = negative - positive
    return difference.add_(reactivation.constants(difference))


def sigmoid_step(x: Tensor, with_slope: bool) -> tuple[Tensor, Tensor | None]:
    """Logistic sigmoid, in place, and its slope; both are 0 at -inf.

    The slope is sigma(x) sigma(-x): sigma - sigma^2 would be exactly 0 in float32 from x = 17 on.
    """
    mirror = torch.sigmoid(-x) if with_slope else None
    value = x.sigmoid_()
    return value, None if mirror is None else mirror.mul_(value)


class RankingRisk(torch.autograd.Function):
    """Of each query, the mean over its positives of b / (a + b) = 1 - a / (a + b), divided by the number
    of queries: the sum of the results is the mean risk.

    a = 1 + the other positives above this one, b = the negatives above it, both counted by a smooth
    step. With ``exact`` the positives are counted by the true step, which has no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, pairs: Pairs, step: Step, exact: bool, reactivation: Reactivation | None
    ) -> Tensor:
        """Risks [Q], and the gradient of their sum for ``logits`` kept for backward where it is needed."""
        wanted: bool = ctx.needs_input_grad[0]
        negative, positive = pairs.parts(logits)
        hardest = negative.amax(1, keepdim=True)
        weight = 1 / (len(logits) * pairs.counts.to(logits.dtype))[:, None]
        grad = torch.zeros_like(logits) if wanted else logits
        grad_positive = torch.zeros_like(positive)
        risk = torch.zeros_like(logits[:, 0])
        for rows, k in pairs.slots():
            here = positive[rows, k : k + 1]
            above, slope = step(shifted(negative[rows], here, hardest[rows], reactivation), wanted)
            peers = positive[rows] - here
            peers[:, k] = -torch.inf  # a positive is not compared with itself
            ahead, peer_slope = (peers.gt(0).to(peers.dtype), None) if exact else sigmoid_step(peers, wanted)
            a, b = 1 + ahead.sum(1, keepdim=True), above.sum(1, keepdim=True)
            share = weight[rows] / (a + b)
            risk[rows] += (share * b)[:, 0]
            if slope is None:
                continue
            share = share / (a + b)
            grad[rows].addcmul_(slope, share * a)
            pull = share * a * slope.sum(1, keepdim=True)
            if peer_slope is not None:
                grad_positive[rows].addcmul_(peer_slope, share * b, value=-1)
                pull -= share * b * peer_slope.sum(1, keepdim=True)
            grad_positive[rows, k : k + 1] -= pull
        if wanted:  # padding points to column 0 and adds an exact 0
            ctx.save_for_backward(grad.scatter_add_(1, pairs.column, grad_positive))
        return risk

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None, None]:  # type: ignore[override]
        """The kept gradient, row i times that of risk i."""
        (grad,) = ctx.saved_tensors
        return grad * grad_output[:, None], None, None, None, None
