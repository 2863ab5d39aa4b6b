"""Globe: mixed features on free vectors of three coordinates, small enough to be drawn as a map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from scipy import stats
from torch import Tensor

from rbcl_lite.features import Features
from rbcl_lite.losses.identity import arcface_loss
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.losses.mixing import mix_features
from rbcl_lite.metrics.retrieval import evaluate_ranking

PEOPLE, EACH = 5, 12
WHO = torch.arange(PEOPLE).repeat_interleave(EACH)
"""[60] person of each image on the globe."""


def on_globe(longitude: Sequence[float], latitude: Sequence[float]) -> Tensor:
    """Places in radians to unit vectors [C, 3].

    Args:
        longitude: C angles around the axis.
        latitude: C angles above the equator.

    >>> on_globe([0.0], [0.0])
    tensor([[1., 0., 0.]])
    """
    x, y = torch.tensor(longitude), torch.tensor(latitude)
    return torch.stack([y.cos() * x.cos(), y.cos() * x.sin(), y.sin()], 1)


def old_cloud(centres: Tensor, width: Sequence[float], seed: int = 0) -> Tensor:
    """Old vectors around each person's centre.

    Args:
        centres: [5, 3] unit vectors.
        width: of each person's cloud, in radians.
        seed: of the noise.

    Returns:
        [60, 3] unit vectors, person after person as in :data:`WHO`.

    >>> old_cloud(torch.eye(5, 3) + 1e-3, [0.0] * 5).shape
    torch.Size([60, 3])
    """
    noise = torch.randn(len(WHO), 3, generator=torch.Generator().manual_seed(seed))
    return F.normalize(centres[WHO] + torch.tensor(width)[WHO, None] * noise, dim=1)


def train_on_globe(stored: Tensor, ratio: float, *, steps: int = 250, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """MixBCT on free vectors: every image owns a new vector that may be put anywhere.

    Args:
        stored: [60, 3] old vectors, which stay.
        ratio: share of the rows that are replaced by old vectors in each step.
        steps: of the optimiser.
        seed: of the first vectors, the first classifier and the choice of rows.

    Returns:
        (new vectors [60, 3], classifier [5, 3]) before the first step and after each.

    >>> path = train_on_globe(old_cloud(torch.eye(5, 3) + 0.1, [0.1] * 5), 0.3, steps=2)
    >>> len(path), path[-1][0].shape, path[-1][1].shape
    (3, torch.Size([60, 3]), torch.Size([5, 3]))
    """
    g = torch.Generator().manual_seed(seed)
    new = F.normalize(torch.randn(len(WHO), 3, generator=g), dim=1).requires_grad_()
    classifier = F.normalize(torch.randn(PEOPLE, 3, generator=g), dim=1).requires_grad_()
    optimizer = torch.optim.Adam([new, classifier], lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    path = [(new.detach().clone(), classifier.detach().clone())]
    for _ in range(steps):
        mixed, _ = mix_features(new, stored, ratio=ratio, generator=g)
        optimizer.zero_grad()
        arcface_loss(mixed, classifier, WHO, logit_scale=5.0, margin=0.2).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():  # stay on the globe
            new.copy_(F.normalize(new, dim=1))
            classifier.copy_(F.normalize(classifier, dim=1))
        path.append((new.detach().clone(), classifier.detach().clone()))
    return path


def angle(a: Tensor, b: Tensor) -> Tensor:
    """Degrees between the vectors [N, D] of a and of b, row by row.

    >>> angle(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 3.0]]))
    tensor([90.])
    """
    return (F.normalize(a, dim=1) * F.normalize(b, dim=1)).sum(1).clamp(-1, 1).acos().rad2deg()


def centre_and_width(vectors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Each person's cloud of vectors in two numbers.

    Args:
        vectors: [N, D].
        labels: [N] from 0 to C - 1.

    Returns:
        centres [C, D] of length one, and the mean degrees [C] from a person's vectors to its centre.

    >>> centre, width = centre_and_width(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]), torch.tensor([0, 0, 1]))
    >>> width
    tensor([45.,  0.])
    """
    people = int(labels.max()) + 1
    centre = class_prototypes(vectors, labels, people)
    away = angle(vectors, centre[labels])
    return centre, away.new_zeros(people).index_add_(0, labels, away) / torch.bincount(labels, minlength=people)


def off_by(new: Tensor, stored: Tensor, labels: Tensor = WHO) -> Tensor:
    """Degrees [C] between the centres of each person's new and old vectors.

    >>> x = old_cloud(torch.eye(5, 3) + 0.1, [0.1] * 5)
    >>> bool((off_by(x, x) < 0.1).all())
    True
    """
    return angle(centre_and_width(new, labels)[0], centre_and_width(stored, labels)[0])


def rank_correlation(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    """Spearman's rank correlation with a 95 % interval (Fisher's z, variance of Bonett and Wright 2000).

    Args:
        x, y: [N] values; with fewer than five pairs, or constant values, the interval is everything.

    Returns:
        correlation, lower and upper end.

    >>> rho, low, high = rank_correlation(torch.arange(9.0), torch.tensor([1.0, 0, 3, 2, 5, 4, 7, 6, 8]))
    >>> round(rho, 2), low < rho < high
    (0.93, True)
    """
    if len(x) < 5 or not (x.std() > 0 and y.std() > 0):
        return 0.0, -1.0, 1.0
    rho = float(stats.spearmanr(x, y).statistic)
    z = np.arctanh(np.clip(rho, -0.999, 0.999))
    reach = 1.96 * np.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    return rho, float(np.tanh(z - reach)), float(np.tanh(z + reach))


def compare_teachers(widths: Sequence[float], *, steps: int = 150, seeds: int = 2, ratio: float = 0.3) -> pd.DataFrame:
    """Imitation and mixing where the old clouds of two neighbours get wider.

    Perfect imitation is the old vector itself. An image never finds its own old vector.

    Args:
        widths: of the two neighbours' old clouds, in radians; the other three stay tight.
        steps: see :func:`train_on_globe`.
        seeds: runs of each width.
        ratio: see :func:`train_on_globe`.

    Returns:
        index the width; means over seeds, of the two neighbours alone: ``imitation`` and ``mixing``,
        new/old mAP in per cent; ``old spread`` and ``spread``, degrees from a vector to its person's
        centre; ``off``, degrees between the centres of old and new.
    """
    rows = []
    centres = F.normalize(
        torch.tensor([[1.0, 0.33, 0.0], [1.0, -0.33, 0.0], [-0.5, 0.9, 0.2], [-0.5, -0.9, 0.2], [-0.3, 0.0, -1.0]]),
        dim=1,
    )
    for width in widths:
        for seed in range(seeds):
            stored = old_cloud(centres, [width, width, 0.06, 0.06, 0.06], seed)
            new, _ = train_on_globe(stored, ratio, steps=steps, seed=seed)[-1]
            spreads = [float(centre_and_width(x, WHO)[1][:2].mean()) for x in (stored, new)]
            found = [_found(x, stored) for x in (stored, new)]
            rows.append([width, *found, *spreads, float(off_by(new, stored)[:2].mean())])
    columns = ["width", "imitation", "mixing", "old spread", "spread", "off"]
    return pd.DataFrame(rows, columns=columns).groupby("width").mean()


def _found(query: Tensor, stored: Tensor) -> float:
    camera, pair = torch.arange(len(WHO)), WHO < 2  # every image is its own camera
    result = evaluate_ranking(Features(query[pair], WHO[pair], camera[pair]), Features(stored, WHO, camera))
    return 100 * result.mAP
