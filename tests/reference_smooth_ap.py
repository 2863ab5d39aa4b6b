"""Ranking losses and agents as slow loops, written from the definitions. Small inputs only."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Constants = Callable[[float, float, list[float]], float]


def no_constants(positive: float, negative: float, negatives: list[float]) -> float:
    return 0.0


def hardest_constants(margin: float = 0.0, cap: float = float("inf")) -> Constants:
    """c = (m - max_n d)+ with d = s_n - s_p; none where s_p minus the hardest negative is at least the cap."""

    def constant(positive: float, negative: float, negatives: list[float]) -> float:
        gap = positive - max(negatives)
        return max(margin + gap, 0.0) if gap < cap else 0.0

    return constant


def pair_constants(margin: float = 0.0, cap: float = float("inf")) -> Constants:
    """c = (m - d)+ for each negative alone."""

    def constant(positive: float, negative: float, negatives: list[float]) -> float:
        gap = positive - negative
        return max(margin + gap, 0.0) if gap < cap else 0.0

    return constant


def cosines(query: Tensor, reference: Tensor) -> Tensor:
    return F.normalize(query, dim=1) @ F.normalize(reference, dim=1).T


def split(
    s: Tensor, i: int, query_ids: Tensor, reference_ids: Tensor, ignore: Tensor | None
) -> tuple[list[int], list[int]]:
    """Columns of the positives and of the negatives of query i."""
    exists = [j for j in range(s.shape[1]) if ignore is None or not bool(ignore[i, j])]
    same = [j for j in exists if int(query_ids[i]) == int(reference_ids[j])]
    return same, [j for j in exists if j not in same]


def smooth_ap(
    s: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    tau: float = 0.01,
    ignore: Tensor | None = None,
    constants: Constants = no_constants,
    log: bool = False,
) -> Tensor:
    """1 - mean AP of the cosines s [B, R], or minus its mean logarithm; autograd gives the reference gradient."""
    losses = []
    for i in range(len(s)):
        same, other = split(s, i, query_ids, reference_ids, ignore)
        if not same:
            continue
        negatives = s[i, other].tolist()
        ap = s.new_zeros(())
        for p in same:
            a, b = s.new_ones(()), s.new_zeros(())
            for k in same:
                if k != p:
                    a = a + torch.sigmoid((s[i, k] - s[i, p]) / tau)
            for n in other:
                c = constants(s[i, p].item(), s[i, n].item(), negatives)
                b = b + torch.sigmoid((s[i, n] - s[i, p] + c) / tau)
            ap = ap + a / (a + b) / len(same)
        losses.append(-ap.log() if log else 1 - ap)
    return torch.stack(losses).mean()


def exact_ap_loss(s: Tensor, query_ids: Tensor, reference_ids: Tensor, ignore: Tensor | None = None) -> float:
    """1 - mean of the average precision of a sorted list."""
    values = []
    for i in range(len(s)):
        same, other = split(s, i, query_ids, reference_ids, ignore)
        if not same:
            continue
        order = sorted(same + other, key=lambda j: -float(s[i, j]))
        hits, total = 0, 0.0
        for rank, j in enumerate(order, start=1):
            if j in same:
                hits += 1
                total += hits / rank
        values.append(1 - total / len(same))
    return sum(values) / len(values)


def saturated_share(
    s: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    tau: float = 0.01,
    ignore: Tensor | None = None,
    constants: Constants = no_constants,
) -> float:
    """Share of pairs whose largest slope over the negatives is under 1 % of 1 / (4 tau)."""
    dead, pairs = 0, 0
    for i in range(len(s)):
        same, other = split(s, i, query_ids, reference_ids, ignore)
        negatives = s[i, other].tolist()
        for p in same if other else []:
            slopes = []
            for n in other:
                c = constants(s[i, p].item(), s[i, n].item(), negatives)
                g = torch.sigmoid((s[i, n] - s[i, p] + c) / tau)
                slopes.append((g * (1 - g) / tau).item())
            pairs += 1
            dead += max(slopes) < 0.01 / (4 * tau)
    return dead / pairs if pairs else 0.0


def supap(
    s: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    tau: float = 0.01,
    rho: float = 100.0,
    delta: float = 0.05,
    ignore: Tensor | None = None,
) -> Tensor:
    losses = []
    for i in range(len(s)):
        same, other = split(s, i, query_ids, reference_ids, ignore)
        if not same:
            continue
        ap = s.new_zeros(())
        for p in same:
            a = 1.0 + sum(s[i, k].item() > s[i, p].item() for k in same if k != p)
            b = s.new_zeros(())
            for n in other:
                t = s[i, n] - s[i, p]
                if float(t.detach()) <= 0:
                    b = b + torch.sigmoid(t / tau)
                elif float(t.detach()) <= delta:
                    b = b + torch.sigmoid(t / tau) + 0.5
                else:
                    b = b + rho * (t - delta) + torch.sigmoid(torch.tensor(delta / tau, dtype=s.dtype)) + 0.5
            ap = ap + a / (a + b) / len(same)
        losses.append(1 - ap)
    return torch.stack(losses).mean()


def calibration(
    s: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    high: float = 0.9,
    low: float = 0.6,
    ignore: Tensor | None = None,
) -> Tensor:
    pull, push = [], []
    for i in range(len(s)):
        same, other = split(s, i, query_ids, reference_ids, ignore)
        pull += [torch.clamp(high - s[i, p], min=0) for p in same]
        push += [torch.clamp(s[i, n] - low, min=0) for n in other]
    mean = lambda values: torch.stack(values).mean() if values else s.sum() * 0  # noqa: E731
    return mean(pull) + mean(push)


def neighbours_of_others(s: Tensor, ids: Tensor, reference_ids: Tensor, k: int) -> list[list[int]]:
    """For each row of s [N, M] the k columns of other people with the largest values."""
    result = []
    for i in range(len(s)):
        others = [j for j in range(s.shape[1]) if int(reference_ids[j]) != int(ids[i])]
        result.append(sorted(others, key=lambda j: -float(s[i, j]))[:k])
    return result
