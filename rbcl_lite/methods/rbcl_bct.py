"""RBCL with BCT: new queries rank the old vectors and are classified by the old classifier too."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.rbcl import RBCL
from rbcl_lite.protocol import Batch, Epoch, Learner, Upgrade


class RBCLWithBCT(RBCL):
    """Sum of the terms of :class:`~rbcl_lite.methods.rbcl.RBCL`, by default without agents, and of
    :class:`~rbcl_lite.methods.bct.BCT`: L = ranking + ``share`` x influence.

    Our combination: the ranking compares images with images, the influence loss images with people.

    Args:
        weight: lambda, of the sum.
        share: weight of the influence loss beside the ranking loss, at least 0.
        temperature: tau of the ranking's sigmoid, in units of cosine.
        agents: k, agents of each image of the batch; 0 for none.

    Raises:
        ValueError: a negative ``share``.
    """

    def __init__(self, weight: float = 1.0, share: float = 2.0, temperature: float = 0.01, agents: int = 0) -> None:
        super().__init__(weight, temperature, agents=agents)
        self.influence = BCT(share)

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Old vectors of the training set, and the rows of the old classifier."""
        super().prepare(upgrade, learner)
        self.influence.prepare(upgrade, learner)

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Labels of the references, and the prototypes of people."""
        super().on_epoch(epoch, labels)
        self.influence.on_epoch(epoch, labels)

    def step(self, batch: Batch) -> Tensor:
        """The sum of both terms on a batch."""
        return super().step(batch) + self.influence.weight * self.influence.step(batch)
