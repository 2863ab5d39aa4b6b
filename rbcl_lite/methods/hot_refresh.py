"""Hot-refresh: a new vector must find its old one among old and new vectors of other people."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.losses.hot_refresh import hot_refresh_loss
from rbcl_lite.protocol import Batch, Method


class HotRefresh(Method):
    """Regression-alleviating compatible training, RACT (Zhang et al. 2022), on the vectors of a
    batch.

    Negatives are old and new vectors, so that no new gallery image overtakes an old one of the
    right person while a gallery is half refreshed. Images without a label are left out.

    Args:
        weight: lambda.
        temperature: of the softmax. The authors use 0.01; on small batches that is nearly one-hot.
        hardest: negatives on each side, None for all.
    """

    def __init__(self, weight: float = 1.0, temperature: float = 0.05, hardest: int | None = 10) -> None:
        super().__init__(weight)
        self.temperature, self.hardest = temperature, hardest

    def step(self, batch: Batch) -> Tensor:
        """The loss of the batch.

        Where widths differ, new-new pairs are compared at the old width too.
        """
        known = batch.labels >= 0
        new, old = (side[known] for side in batch.pair)
        return hot_refresh_loss(new, old, batch.labels[known], temperature=self.temperature, hardest=self.hardest)
