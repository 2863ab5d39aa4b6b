"""Independent: no compatibility at all, the yardstick of every other method."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.base.tensors import zero_loss
from rbcl_lite.protocol import Batch, Method


class Independent(Method):
    """The new model is trained as if there were no old one."""

    needs_old = False

    def step(self, batch: Batch) -> Tensor:
        """Zero."""
        return zero_loss(batch.outputs.embedding)
