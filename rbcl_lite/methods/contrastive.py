"""Contrastive: a new vector must find the old vectors of its person among those of the batch."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.losses.contrastive import contrastive_loss
from rbcl_lite.protocol import Batch, Method


class Contrastive(Method):
    """Softmax over the batch's old vectors, all old vectors of the person (the own one too) as
    positives.

    Images without a label are left out.

    Args:
        weight: lambda.
        temperature: of the softmax.
    """

    def __init__(self, weight: float = 1.0, temperature: float = 0.05) -> None:
        super().__init__(weight)
        self.temperature = temperature

    def step(self, batch: Batch) -> Tensor:
        """The contrastive loss from new queries to old references."""
        known = batch.labels >= 0
        new, old = (side[known] for side in batch.pair)
        labels = batch.labels[known]
        return contrastive_loss(new, old, labels, labels, temperature=self.temperature)
