"""Heads: a linear map of stored vectors in place of a network, twenty upgrades a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.data.augment import unchanged
from rbcl_lite.data.stored_vectors import StoredVectors
from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.features import Features
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods import METHODS
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Method, Upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig


class Head(nn.Module):
    """A linear map of stored vectors and a cosine classifier; gives what every model gives.

    Args:
        inputs: D, dimension of the stored vectors.
        dim: dimension of the result.
        classes: training people C.
        logit_scale: factor of the cosine logits.
    """

    def __init__(self, inputs: int, dim: int, classes: int, logit_scale: float = 16.0) -> None:
        super().__init__()
        self.logit_scale = logit_scale
        self.linear = nn.Linear(inputs, dim, bias=False)
        nn.init.orthogonal_(self.linear.weight)  # starts as good by itself as the stored vectors are
        self.classifier = nn.Linear(dim, classes, bias=False)

    def forward(self, vectors: Tensor) -> Outputs:
        """Stored vectors [B, D] to :class:`~rbcl_lite.models.embedder.Outputs`."""
        out = self.linear(vectors)
        return Outputs(out, out, self.logit_scale * F.normalize(out) @ F.normalize(self.classifier.weight).T)

    @torch.no_grad()
    def apply_to(self, features: Features) -> Features:
        """The mapped vectors of a record, on its device."""
        vectors = features.vectors @ self.linear.weight.to(features.vectors.device).T
        return Features(vectors, features.ids, features.cams, "head", features.keys)


def train_head(
    new: Features,
    old: Features,
    method: Method,
    *,
    batch: tuple[int, int] = (16, 4),
    epochs: int = 4,
    steps: int = 50,
    lr: float = 3e-3,
    seed: int = 0,
    share: float = 1.0,
) -> tuple[Head, pd.DataFrame]:
    """Train a linear head on an independent model's vectors by the loop, the learner and the method
    of a real upgrade.

    What is left out is the network below: a head can only turn and stretch the new space. So it
    ranks methods for a head, not for a network.

    Args:
        new: N vectors of the new model on its training images, with cameras if the method asks for
            them.
        old: the old model's vectors of the same images in the same order.
        method: how the head is kept compatible.
        batch: (people, images of each).
        epochs: rows of the history.
        steps: batches in an epoch.
        lr: highest learning rate.
        seed: of the head's first weights, of the batches, and of the people if ``share`` is below
            1.
        share: of the people, drawn by the seed.

    Returns:
        the head, and the history of :func:`rbcl_lite.training.loop.train`.

    Raises:
        ValueError: features that do not show the same people row by row, or a share outside (0, 1].

    >>> ids = torch.arange(5).repeat_interleave(4)
    >>> new = Features(torch.randn(20, 6, generator=torch.Generator().manual_seed(0)), ids, torch.arange(20) % 4)
    >>> head, history = train_head(new, new, METHODS["l2"](), batch=(3, 2), epochs=2, steps=3)
    >>> head.apply_to(new).dim, len(history)
    (6, 2)
    """
    if len(new) != len(old) or not torch.equal(new.ids, old.ids):
        raise ValueError("new and old must show the same people row by row; use new.align(old)")
    if not 0 < share <= 1:
        raise ValueError(f"share must lie in (0, 1], got {share}")
    people = new.ids.unique()
    if share < 1:
        order = torch.randperm(len(people), generator=torch.Generator().manual_seed(seed))
        rows = torch.isin(new.ids, people[order[: max(2, round(share * len(people)))]])
        new, old = new[rows], old[rows]
    data = StoredVectors(new)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        head = Head(new.dim, old.dim, data.num_ids)
    upgrade = Upgrade(data, head, old=old, batch=batch, seed=seed, augment=unchanged)
    history = train(upgrade, Supervised(steps=steps), method, TrainConfig(epochs, lr, seed=seed), progress=False)
    return head, history


def sweep_heads(
    new: Features,
    old: Features,
    stored: CrossTest,
    method: str,
    weights: Sequence[float],
    *,
    seeds: Iterable[int] = range(5),
    options: Mapping[str, Any] | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """Heads of one method over weights and seeds, measured on held-out people.

    Args:
        new, old: see :func:`train_head`.
        stored: old vectors, and the independent model's, of queries and gallery.
        method: name in :data:`rbcl_lite.methods.METHODS`.
        weights: lambda of each head.
        seeds: see :func:`train_head`.
        options: further keyword arguments of the method.
        **settings: further keyword arguments of :func:`train_head`.

    Returns:
        one row per head: weight, seed, mAP in per cent as ``new_old`` and ``new_new``, and of the
        last epoch what a ranking method observed as ``saturation`` (NaN for others).
    """
    rows = []
    for seed in seeds:
        for weight in weights:
            head, history = train_head(new, old, METHODS[method](weight=weight, **options or {}), seed=seed, **settings)
            query, gallery = head.apply_to(stored.new_query), head.apply_to(stored.new_gallery)
            rows.append(
                {
                    "weight": weight,
                    "seed": seed,
                    "new_old": 100 * evaluate_ranking(query, stored.old_gallery).mAP,
                    "new_new": 100 * evaluate_ranking(query, gallery).mAP,
                    "saturation": history["saturation"].iloc[-1] if "saturation" in history else np.nan,
                }
            )
    return pd.DataFrame(rows)
