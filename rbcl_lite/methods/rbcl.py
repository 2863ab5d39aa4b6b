"""RBCL: ranking with reactivated gradients and neighbour context agents."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.losses.ranking import smooth_ap_loss
from rbcl_lite.losses.reactivation import Kind, Reactivation
from rbcl_lite.methods.ranking import RankingMethod
from rbcl_lite.methods.references import Lookup, Rows


class RBCL(RankingMethod):
    """Ranking-based compatible learning (Pan et al. 2022, arXiv 2207.05658): our reading of its
    abstract.

    Three parts: asymmetric Smooth-AP of new queries among old references; dynamic gradient
    reactivation (:class:`~rbcl_lite.losses.reactivation.Reactivation`); and neighbour context
    agents, the nearest images (or class centres) of other people in the old space of the whole
    training set, as further references. That the ranking is Smooth-AP, what the constants are and
    that agents are nearest neighbours is our reading: the paper's formulas were not available to
    us.

    An agent of one image is a reference of the whole batch, with its own label: for a query of the
    agent's person it is one more positive, under the camera rule. Which of several readings of the
    agents is meant is open, so ``centers``, ``lookup`` and ``negatives_only`` give others.

    Args:
        weight: lambda.
        temperature: tau of the sigmoid, in units of cosine.
        kind: ``hardest`` or ``pair``, or ``none`` for no reactivation.
        margin: of the reactivation, a difference of cosines.
        cap: gap of cosines from which on nothing is reactivated; None for no limit.
        agents: k, agents of each image of the batch; 0 for none.
        centers: class centres as agents instead of images.
        lookup: whether agents are near to the image's "old" vector or to its "new" one of the last
            epoch.
        negatives_only: agents are never positives, not even of a query of the agent's person.
        start: share of the training, 0..1, from which on gradients are reactivated.
        log: minus the logarithm of the average precision, instead of one minus it (ours).
        own: keep the old vector of the query's own image as a positive.
        same_camera: keep positives of the query's camera.

    Raises:
        ValueError: an unknown kind, or a margin, cap, start or number of agents out of range.
    """

    def __init__(
        self,
        weight: float = 1.0,
        temperature: float = 0.01,
        kind: Kind | str = "hardest",
        margin: float = 0.0,
        cap: float | None = None,
        agents: int = 2,
        centers: bool = False,
        lookup: Lookup | str = "old",
        negatives_only: bool = False,
        start: float = 0.0,
        log: bool = False,
        own: bool = False,
        same_camera: bool = False,
    ) -> None:
        super().__init__(
            weight,
            temperature=temperature,
            agents=agents,
            centers=centers,
            lookup=lookup,
            negatives_only=negatives_only,
            own=own,
            same_camera=same_camera,
            reactivation=None if kind == "none" else Reactivation(kind, margin, cap),  # type: ignore[arg-type]
            start=start,
        )
        self.log = log

    def loss(self, query: Rows, reference: Rows, ignore: Tensor) -> Tensor:
        """See :func:`~rbcl_lite.losses.ranking.smooth_ap_loss`."""
        return smooth_ap_loss(
            query.vectors,
            reference.vectors,
            query.labels,
            reference.labels,
            temperature=self.temperature,
            ignore=ignore,
            reactivation=self.reactivation,
            log=self.log,
        )
