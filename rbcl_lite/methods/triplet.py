"""Triplet: the own old vector must be nearer to a new vector than the old vectors of other people."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.losses.triplet import cross_triplet_loss
from rbcl_lite.protocol import Batch, Method


class Triplet(Method):
    """New anchor, old positive, the nearest old negatives of the batch, Euclidean distance of unit
    vectors.

    As in the compatible triplet loss of the Hot-Refresh code base (Zhang et al. 2022): the image's
    own old vector is the positive, the margin is 0.8, and the mean over the 10 nearest negatives is
    taken. With ``positives="all"`` the farthest old vector of the person is the positive
    (batch-hard, Hermans et al. 2017). Images without a label are left out.

    Args:
        weight: lambda.
        margin: a distance between unit vectors, 0 to 2.
        hardest: how many of the nearest negatives count.
        positives: ``own`` or ``all``.

    Raises:
        ValueError: unknown positives.
    """

    def __init__(self, weight: float = 1.0, margin: float = 0.8, hardest: int = 10, positives: str = "own") -> None:
        super().__init__(weight)
        if positives not in ("own", "all"):
            raise ValueError(f"positives must be own or all, got {positives!r}")
        self.margin, self.hardest, self.positives = margin, hardest, positives

    def step(self, batch: Batch) -> Tensor:
        """The triplet loss from new anchors to old references."""
        known = batch.labels >= 0
        new, old = (side[known] for side in batch.pair)
        labels, index = batch.labels[known], batch.index[known]
        ignore: Tensor | None = None
        if self.positives == "own":
            ignore = (labels[:, None] == labels) & ~torch.eye(len(index), dtype=torch.bool, device=index.device)
        return cross_triplet_loss(new, old, labels, labels, margin=self.margin, hardest=self.hardest, ignore=ignore)
