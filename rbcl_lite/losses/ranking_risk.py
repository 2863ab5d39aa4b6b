"""Ranking loss of queries: by a walk over their positives, or all at once where a GPU finds that small.

The walk of :mod:`~rbcl_lite.losses.ranking_kernel` needs little memory, but launches some twenty
kernels for each positive, and has to ask how many there are. 64 queries and 200 references are 2.6
million comparisons: a GPU makes them in the time of a launch, and nothing waits for it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from rbcl_lite.base.recorded import Recorded, replays
from rbcl_lite.base.tensors import full_precision, zero_loss
from rbcl_lite.losses.ranking_kernel import RankingRisk, Step, arrange, compared, scaled_cosine, shifted, sigmoid_step
from rbcl_lite.losses.reactivation import Reactivation

LARGEST = 2**23  # comparisons, B x R x R: 32 MiB of float32, of which a few are held

FLAT = 0.01  # share of the largest slope below which a pair counts as saturated


def at_once(query: Tensor, reference: Tensor) -> bool:
    """Whether all comparisons of queries [B, D] with references [R, D] are made at once."""
    return replays(query) and 0 < len(query) * len(reference) ** 2 <= LARGEST


def ranking_loss(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float,
    ignore: Tensor | None = None,
    step: Step = sigmoid_step,
    exact: bool = False,
    reactivation: Reactivation | None = None,
    log: bool = False,
) -> Tensor:
    """Mean risk of the queries that have a positive, as
    :class:`~rbcl_lite.losses.ranking_kernel.RankingRisk` defines it.

    Args:
        query: [B, D].
        reference: [R, D].
        query_ids: [B] integers.
        reference_ids: [R] integers.
        temperature: tau, in units of cosine, above 0.
        ignore: bool [B, R], pairs that do not exist for the ranking.
        step: what counts the negatives above a positive, of differences in units of the temperature.
        exact: count the positives above it by the true step.
        reactivation: constants, in units of cosine.
        log: the mean of -log(1 - risk) instead.

    Returns:
        Scalar; a zero with a graph if no query has a positive.

    Raises:
        ValueError: shapes or types that do not fit, a temperature that is not above 0.
    """
    if reactivation is not None:
        reactivation = reactivation.scaled(1 / temperature)
    if at_once(query, reference):
        options = {"temperature": temperature, "step": step, "exact": exact, "reactivation": reactivation, "log": log}
        return _AtOnce.apply(query, reference, query_ids, reference_ids, ignore, options)
    pairs = arrange(query, reference, query_ids, reference_ids, temperature, ignore)
    if pairs is None:
        return zero_loss(query, reference)
    risk = RankingRisk.apply(pairs.logits, pairs, step, exact, reactivation)
    return -torch.log1p(-len(risk) * risk).mean() if log else risk.sum()


@torch.no_grad()
@full_precision
def saturated_share(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    *,
    temperature: float,
    ignore: Tensor | None = None,
    reactivation: Reactivation | None = None,
) -> Tensor:
    """What :func:`~rbcl_lite.losses.ranking.saturation` gives, as a scalar on the device of the vectors."""
    if reactivation is not None:
        reactivation = reactivation.scaled(1 / temperature)
    if at_once(query, reference):
        (share,) = _saturated_at_once(
            query, reference, query_ids, reference_ids, ignore, temperature=temperature, reactivation=reactivation
        )
        assert share is not None
        return share
    pairs = arrange(query, reference, query_ids, reference_ids, temperature, ignore)
    if pairs is None:
        return query.new_zeros(())
    negative, positive = pairs.parts(pairs.logits)
    hardest = negative.amax(1, keepdim=True)
    nearest = torch.full_like(positive, torch.inf)  # [Q, K] distance of the closest negative from the centre
    for rows, k in pairs.slots():
        difference = shifted(negative[rows], positive[rows, k : k + 1], hardest[rows], reactivation)
        nearest[rows, k] = difference.abs_().amin(1)
    return _flat_share(nearest, positive.isfinite() & hardest.isfinite())


class _AtOnce(torch.autograd.Function):
    """The loss, whose gradient is computed with it."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        reference: Tensor,
        query_ids: Tensor,
        reference_ids: Tensor,
        ignore: Tensor | None,
        options: dict[str, Any],
    ) -> Tensor:
        """Scalar of queries [B, D] and references [R, D]."""
        wanted = ctx.needs_input_grad[:2]
        loss, *slopes = _loss_at_once(query, reference, query_ids, reference_ids, ignore, wanted=wanted, **options)
        ctx.slopes = slopes
        assert loss is not None
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, pull: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """The kept gradients times that of the loss."""
        return (*(None if slope is None else slope * pull for slope in ctx.slopes), None, None, None, None)


@Recorded
def _loss_at_once(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    ignore: Tensor | None,
    *,
    temperature: float,
    step: Step,
    exact: bool,
    reactivation: Reactivation | None,
    log: bool,
    wanted: tuple[bool, bool],
) -> tuple[Tensor | None, ...]:
    """The loss, and its gradients for query and reference where they are wanted."""
    positive, negative = compared(query, reference, query_ids, reference_ids, temperature, ignore)
    sides = [x.detach().requires_grad_(w) for x, w in zip((query, reference), wanted)]
    with torch.enable_grad():
        cosine = scaled_cosine(sides[0], sides[1], temperature)
    logits = cosine.detach()
    counts = positive.sum(1, keepdim=True)
    queries = counts.clamp_max(1).sum().clamp_min(1)
    weight = positive / (queries * counts.clamp_min(1)).to(logits.dtype)
    above, slope = step(_differences(logits, negative, reactivation), any(wanted))  # [B, R, R]
    here = logits[:, :, None]
    itself = torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device)
    peers = (logits[:, None] - here).masked_fill_(itself | ~positive[:, None], -torch.inf)
    ahead, peer_slope = (peers.gt(0).to(peers.dtype), None) if exact else sigmoid_step(peers, any(wanted))
    a, b = 1 + ahead.sum(2), above.sum(2)
    share = weight / (a + b)
    risk = (share * b).sum(1)
    loss = -torch.log1p(-queries * risk).sum() / queries if log else risk.sum()
    if slope is None:
        return loss, None, None
    pull = share / (a + b)
    if log:
        pull = pull / (1 - queries * risk)[:, None]
    down = _gradient(slope, pull * a)
    if peer_slope is not None:
        down -= _gradient(peer_slope, pull * b)
    found = iter(torch.autograd.grad(cosine, [x for x in sides if x.requires_grad], down))
    return loss, *(next(found) if w else None for w in wanted)


@Recorded
def _saturated_at_once(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    ignore: Tensor | None,
    *,
    temperature: float,
    reactivation: Reactivation | None,
) -> tuple[Tensor]:
    """The share of saturated pairs."""
    positive, negative = compared(query, reference, query_ids, reference_ids, temperature, ignore)
    nearest = _differences(scaled_cosine(query, reference, temperature), negative, reactivation).abs_().amin(2)
    return (_flat_share(nearest, positive & negative.any(1, keepdim=True)),)


def _differences(logits: Tensor, negative: Tensor, reactivation: Reactivation | None) -> Tensor:
    """[B, p, n]: how far the negative n is above p for each query, shifted; -inf where n is no negative."""
    strangers = logits.masked_fill(~negative, -torch.inf)[:, None]
    return shifted(strangers, logits[:, :, None], strangers.amax(2, keepdim=True), reactivation)


def _gradient(slope: Tensor, pull: Tensor) -> Tensor:
    """What slopes [B, p, n] of the comparisons of n with p, weighted by [B, p], give to each column [B, R]."""
    slope.mul_(pull[:, :, None])
    return slope.sum(1) - slope.sum(2)


def _flat_share(nearest: Tensor, counted: Tensor) -> Tensor:
    """Share of the counted pairs whose steepest slope is flat, by its distance from the centre; 0 if there is none."""
    tail = torch.sigmoid(-nearest)
    flat = (4 * tail * (1 - tail) < FLAT) & counted
    return flat.sum().double() / counted.sum().clamp_min(1)
