"""Ranking methods' common part: new queries, old references, pairs left out, saturation."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from rbcl_lite.losses.ranking_risk import saturated_share
from rbcl_lite.losses.reactivation import Reactivation
from rbcl_lite.methods.references import Lookup, References, Rows, ignored
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade

MEASURE_EVERY = 10  # steps


class RankingMethod(Method):
    """Base of the methods that rank old references for a new query.

    The query's own image and its same-camera positives are left out, as in the evaluation; both can
    be kept. Images without a label are left out.

    Args:
        weight: lambda.
        temperature: tau of the sigmoid, in units of cosine.
        agents: nearest images of other people, for each image of the batch, that join the
            references.
        centers: class centres as agents instead of images.
        lookup: whether agents are near to the image's "old" vector or to its "new" one.
        negatives_only: agents are never positives, not even of a query of the agent's person.
        own: keep the old vector of the query's own image as a positive.
        same_camera: keep positives of the query's camera.
        reactivation: constants of the loss, or None.
        start: share of the training, 0..1, from which on there are these constants.

    Raises:
        ValueError: a start outside 0..1, and what :class:`~rbcl_lite.methods.references.References`
            raises.
    """

    def __init__(
        self,
        weight: float = 1.0,
        *,
        temperature: float = 0.01,
        agents: int = 0,
        centers: bool = False,
        lookup: Lookup | str = "old",
        negatives_only: bool = False,
        own: bool = False,
        same_camera: bool = False,
        reactivation: Reactivation | None = None,
        start: float = 0.0,
    ) -> None:
        super().__init__(weight)
        if not 0 <= start <= 1:
            raise ValueError(f"start is a share of the training, 0..1, got {start}")
        self.temperature, self.own, self.same_camera = temperature, own, same_camera
        self.negatives_only = negatives_only
        self.later, self.start = reactivation, start
        self.reactivation = reactivation if start == 0 else None
        self.references = References(agents, centers, lookup)
        self._observed: dict[str, Tensor | float] = {}

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Keep the old vectors of the training set at hand."""
        super().prepare(upgrade, learner)
        self.references.prepare(upgrade)

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Labels of the references, agents where they may have changed, and whether gradients are
        reactivated yet.
        """
        self.references.update(labels)
        self.reactivation = self.later if epoch.progress >= self.start else None

    @abstractmethod
    def loss(self, query: Rows, reference: Rows, ignore: Tensor) -> Tensor:
        """The loss of queries [B, D] against references [R, D] without the pairs ``ignore`` [B, R]."""

    def step(self, batch: Batch) -> Tensor:
        """The ranking loss of the batch; its saturation is kept for :meth:`observe`."""
        cams = self.references.cams[batch.index]
        query = Rows(batch.pair[0], batch.index, batch.labels, cams)
        reference = self.references(batch.index)
        ignore = ignored(query, reference, own=self.own, same_camera=self.same_camera)
        if self.negatives_only:
            brought = ~torch.isin(reference.index, query.index)  # by an agent, not by the batch
            ignore |= (query.labels[:, None] == reference.labels) & brought
        self._observed = {}
        if batch.step % MEASURE_EVERY == 0:
            self._measure(query, reference, ignore)
        return self.loss(query, reference, ignore)

    def after_step(self, batch: Batch) -> None:
        """Keep the new vectors, where agents are looked for from them."""
        self.references.remember(batch)

    def _measure(self, query: Rows, reference: Rows, ignore: Tensor) -> None:
        """Saturation and share of ranked queries of a batch."""
        positive = (query.labels[:, None] == reference.labels) & ~ignore
        self._observed = {
            "saturation": saturated_share(
                query.vectors.detach(),
                reference.vectors,
                query.labels,
                reference.labels,
                temperature=self.temperature,
                ignore=ignore,
                reactivation=self.reactivation,
            ),
            "ranked": positive.any(1).float().mean(),
        }

    def observe(self) -> dict[str, Tensor | float]:
        """``saturation``: share of dead (query, positive) pairs; ``ranked``: share of queries with
        a positive.

        Measured at every tenth step.
        """
        return self._observed
