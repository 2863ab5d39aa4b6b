"""L2: every new vector is pulled onto the old vector of the same image."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.losses.alignment import l2_loss
from rbcl_lite.protocol import Batch, Method


class L2(Method):
    """Regression onto the old unit vectors, the simplest distillation."""

    def step(self, batch: Batch) -> Tensor:
        """Mean squared distance of the batch's new and old unit vectors."""
        return l2_loss(*batch.pair)
