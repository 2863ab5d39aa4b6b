"""Slow loops written from the definitions, one scalar at a time, and the batches that all loss tests share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# Eleven images of four identities (sizes 4, 3, 3, 1), in no order: identity 9 has no second image.
IDS = torch.tensor([5, 2, 7, 5, 2, 9, 5, 7, 2, 5, 7])
LABELS = torch.tensor([1, 0, 2, 1, 0, 3, 1, 2, 0, 1, 2])


def vectors(rows: int = 11, dim: int = 6, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def cosine(a: Tensor, b: Tensor) -> float:
    return float(a @ b) / (float(a.norm()) * float(b.norm()))


def distance(a: Tensor, b: Tensor) -> float:
    return float((a / a.norm() - b / b.norm()).norm())


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def log_softmax_at(scores: Sequence[float], place: int) -> float:
    top = max(scores)
    return scores[place] - top - math.log(sum(math.exp(s - top) for s in scores))


def triplet(x: Tensor, ids: Tensor, margin: float) -> float:
    terms = []
    for i in range(len(x)):
        positives = [distance(x[i], x[j]) for j in range(len(x)) if ids[j] == ids[i] and j != i]
        negatives = [distance(x[i], x[j]) for j in range(len(x)) if ids[j] != ids[i]]
        if positives and negatives:
            terms.append(max(0.0, max(positives) - min(negatives) + margin))
    return mean(terms)


def arcface(x: Tensor, weight: Tensor, labels: Tensor, scale: float, margin: float) -> float:
    terms = []
    for i, y in enumerate(labels.tolist()):
        angles = [math.acos(cosine(x[i], w)) for w in weight]
        scores = [scale * math.cos(a) for a in angles]
        if angles[y] < math.pi - margin:
            scores[y] = scale * math.cos(angles[y] + margin)
        else:
            scores[y] = scale * (math.cos(angles[y]) - margin * math.sin(margin))
        terms.append(-log_softmax_at(scores, y))
    return mean(terms)


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float) -> float:
    terms = []
    for row, y in zip(logits.tolist(), labels.tolist()):
        for c in range(len(row)):
            target = (1 - smoothing) * (c == y) + smoothing / len(row)
            terms.append(-target * log_softmax_at(row, c))
    return sum(terms) / len(labels)


def adversarial(new: Tensor, old: Tensor, weight: Tensor, bias: Tensor) -> float:
    """With a linear discriminator: column 0 says new, column 1 says old."""
    sides = []
    for maker, rows in enumerate((new, old)):
        scores = [[float(w @ (x / x.norm()) + b) for w, b in zip(weight, bias)] for x in rows]
        sides.append(mean([-log_softmax_at(s, maker) for s in scores]))
    return sum(sides)


def point_to_set(new: Tensor, centres: Tensor, radii: Tensor, labels: Tensor) -> float:
    """Mean over the vectors outside, not over the batch."""
    excess = [float((x / x.norm() - centres[y]).norm() - radii[y]) for x, y in zip(new, labels.tolist())]
    return mean([e for e in excess if e > 0])


def l2(new: Tensor, old: Tensor) -> float:
    return mean([distance(a, b) ** 2 for a, b in zip(new, old)])


def influence(new: Tensor, prototypes: Tensor, labels: Tensor, scale: float) -> float:
    return mean(
        [-log_softmax_at([scale * cosine(x, w) for w in prototypes], y) for x, y in zip(new, labels.tolist()) if y >= 0]
    )


def contrastive(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    temperature: float,
    ignore: Tensor | None = None,
) -> float:
    terms = []
    for i in range(len(query)):
        there = [j for j in range(len(reference)) if ignore is None or not ignore[i, j]]
        scores = [cosine(query[i], reference[j]) / temperature for j in there]
        positives = [place for place, j in enumerate(there) if reference_ids[j] == query_ids[i]]
        if positives:
            terms.append(mean([-log_softmax_at(scores, p) for p in positives]))
    return mean(terms)


def cross_triplet(
    query: Tensor,
    reference: Tensor,
    query_ids: Tensor,
    reference_ids: Tensor,
    margin: float,
    hardest: int,
    ignore: Tensor | None = None,
) -> float:
    terms = []
    for i in range(len(query)):
        there = [j for j in range(len(reference)) if ignore is None or not ignore[i, j]]
        positives = [distance(query[i], reference[j]) for j in there if reference_ids[j] == query_ids[i]]
        negatives = sorted(distance(query[i], reference[j]) for j in there if reference_ids[j] != query_ids[i])
        if positives and negatives:
            terms.append(mean([max(0.0, max(positives) - n + margin) for n in negatives[:hardest]]))
    return mean(terms)


def hot_refresh(new: Tensor, old: Tensor, ids: Tensor, temperature: float, hardest: int | None) -> float:
    terms = []
    for i in range(len(new)):
        others = [j for j in range(len(new)) if ids[j] != ids[i]]
        to_old = sorted((cosine(new[i], old[j]) / temperature for j in others), reverse=True)[:hardest]
        to_new = sorted((cosine(new[i], new[j]) / temperature for j in others), reverse=True)[:hardest]
        terms.append(-log_softmax_at([cosine(new[i], old[i]) / temperature, *to_old, *to_new], 0))
    return mean(terms)


def nccl(
    sources: Tensor, bank: Tensor, ids: Tensor, bank_ids: Tensor, old: Tensor, old_bank: Tensor, temperature: float
) -> float:
    """``sources`` and ``bank`` are what is contrasted; ``old`` and ``old_bank`` make the weights."""
    terms = []
    for i in range(len(sources)):
        scores = [cosine(sources[i], b) / temperature for b in bank]
        positives = [j for j in range(len(bank)) if bank_ids[j] == ids[i]]
        if positives:
            terms.append(mean([-(1 + cosine(old[i], old_bank[j])) / 2 * log_softmax_at(scores, j) for j in positives]))
    return mean(terms)


def refined(
    new: Tensor, old: Tensor, labels: Tensor, classes: int, damping: float, temperature: float, steps: int = 400
) -> Tensor:
    """By the series V <- damping * E V + (1 - damping) V_old instead of the matrix inverse."""
    rows = []
    for c in range(classes):
        members = [i for i in range(len(new)) if int(labels[i]) == c]
        start = torch.stack([old[i] / old[i].norm() for i in members])
        smooth = start.clone()
        for _ in range(steps if len(members) > 1 else 0):
            step = torch.zeros_like(smooth)
            for a, i in enumerate(members):
                weights = {b: math.exp(cosine(new[i], new[j]) / temperature) for b, j in enumerate(members) if b != a}
                for b, w in weights.items():
                    step[a] += w / sum(weights.values()) * smooth[b]
            smooth = damping * step + (1 - damping) * start
        row = smooth.mean(dim=0)
        rows.append(row / row.norm())
    return torch.stack(rows)


def invariance(logits: Tensor, index: Tensor, k: int, neighbours: bool) -> float:
    terms = []
    for row, own in zip(logits.tolist(), index.tolist()):
        order = sorted(range(len(row)), key=lambda j: -row[j])
        weights = {j: 1 / k for j in order[:k]} if neighbours else {}
        weights[own] = 1.0
        terms.append(-sum(w * log_softmax_at(row, j) for j, w in weights.items()))
    return mean(terms)


def written(keys: Tensor, features: Tensor, index: Tensor, momentum: float) -> Tensor:
    keys = keys.clone()
    for x, i in zip(features, index.tolist()):
        value = momentum * keys[i] + (1 - momentum) * x
        keys[i] = value / value.norm()
    return keys
