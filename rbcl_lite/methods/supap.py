"""SupAP and calibration: the published ranking loss whose gradients do not vanish."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative
from rbcl_lite.losses.supap import calibration_loss, supap_loss
from rbcl_lite.methods.ranking import RankingMethod
from rbcl_lite.methods.references import Rows


class SupAP(RankingMethod):
    """ROADMAP (Ramzi et al. 2021) with new queries and old references: L = L_SupAP + calibration *
    L_cal.

    The control for the reactivation of :class:`~rbcl_lite.methods.rbcl.RBCL`: calibration gives a
    gradient where the ranking is right already. The saturation in the history is that of SupAP's
    sigmoid part.

    Args:
        weight: lambda.
        temperature: tau of the sigmoid, in units of cosine.
        rho: slope of the linear part, per unit of cosine.
        delta: difference of cosines where the linear part begins.
        calibration: weight of the calibration loss beside SupAP; the official configuration has 1.
        positive_margin: cosine that positives should reach.
        negative_margin: cosine that negatives should stay below.
        own: keep the old vector of the query's own image as a positive.
        same_camera: keep positives of the query's camera.
    """

    def __init__(
        self,
        weight: float = 1.0,
        temperature: float = 0.01,
        rho: float = 100.0,
        delta: float = 0.05,
        calibration: float = 1.0,
        positive_margin: float = 0.9,
        negative_margin: float = 0.6,
        own: bool = False,
        same_camera: bool = False,
    ) -> None:
        super().__init__(weight, temperature=temperature, own=own, same_camera=same_camera)
        check_not_negative(calibration=calibration)
        self.rho, self.delta, self.calibration = rho, delta, calibration
        self.positive_margin, self.negative_margin = positive_margin, negative_margin

    def loss(self, query: Rows, reference: Rows, ignore: Tensor) -> Tensor:
        """See :func:`~rbcl_lite.losses.supap.supap_loss` and
        :func:`~rbcl_lite.losses.supap.calibration_loss`.
        """
        sides = (query.vectors, reference.vectors, query.labels, reference.labels)
        ranking = supap_loss(*sides, temperature=self.temperature, rho=self.rho, delta=self.delta, ignore=ignore)
        absolute = calibration_loss(
            *sides, positive_margin=self.positive_margin, negative_margin=self.negative_margin, ignore=ignore
        )
        return ranking + self.calibration * absolute
