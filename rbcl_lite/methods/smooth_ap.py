"""Smooth-AP between the models: a new query must rank the old vectors of its person first."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.losses.ranking import smooth_ap_loss
from rbcl_lite.losses.reactivation import Reactivation
from rbcl_lite.methods.ranking import RankingMethod
from rbcl_lite.methods.references import Rows


class SmoothAP(RankingMethod):
    """Asymmetric Smooth-AP (Brown et al. 2020, equation 6, with old references) without
    reactivation.

    The control for :class:`~rbcl_lite.methods.rbcl.RBCL`: the same ranking, no constants, no
    agents.

    Args:
        weight: lambda.
        temperature: tau of the sigmoid, in units of cosine.
        own: keep the old vector of the query's own image as a positive.
        same_camera: keep positives of the query's camera.
        log: minus the logarithm of the average precision, instead of one minus it (ours).
        resized: the gradient of every batch is made as long as reactivation would make it, and
            keeps its direction: does reactivation help by where it pulls, or by how hard? (ours)
    """

    def __init__(
        self,
        weight: float = 1.0,
        temperature: float = 0.01,
        own: bool = False,
        same_camera: bool = False,
        log: bool = False,
        resized: bool = False,
    ) -> None:
        super().__init__(weight, temperature=temperature, own=own, same_camera=same_camera)
        self.log, self.resized = log, resized

    def loss(self, query: Rows, reference: Rows, ignore: Tensor) -> Tensor:
        """See :func:`~rbcl_lite.losses.ranking.smooth_ap_loss`."""

        def ranked(vectors: Tensor, reactivation: Reactivation | None = None) -> Tensor:
            return smooth_ap_loss(
                vectors,
                reference.vectors,
                query.labels,
                reference.labels,
                temperature=self.temperature,
                ignore=ignore,
                reactivation=reactivation,
                log=self.log,
            )

        if not self.resized:
            return ranked(query.vectors)
        vectors = query.vectors.detach().requires_grad_()
        plain, reactivated = (
            torch.autograd.grad(ranked(vectors, constants), vectors)[0].norm() for constants in (None, Reactivation())
        )
        return ranked(query.vectors) * (reactivated / plain.clamp_min(torch.finfo(plain.dtype).tiny))
