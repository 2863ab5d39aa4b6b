"""Result of a ranking evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CAMERAS_KNOWN = "same-camera images left out"
CAMERAS_UNKNOWN = "cameras unknown: same-camera images count"
CAMERAS_OF_ONE_SIDE = "cameras unknown on one side: same-camera images count"


@dataclass(frozen=True, eq=False)
class RankingResult:
    """Retrieval scores of Q queries, each between 0 and 1, and the per-query values that they are
    means of.

    Args:
        mAP: mean of ``ap`` over the valid queries.
        cmc: [K] float64; ``cmc[k - 1]`` is the share of valid queries with a right image among the
            first k.
        mINP: mean over the valid queries of (number of positives) / (rank of the last one) (Ye et
            al. 2021).
        ap: [Q] float64 average precision of each query, NaN where it is not valid.
        valid: [Q] bool; False for a query that has no positive in the gallery after the camera
            rule.
        first_hit: [Q] float64 rank of the first right image, counted from 1, NaN where the query is
            not valid.
        camera_rule: in words, whether images of the query's person and camera were left out. Scores
            under two rules must not be compared.
    """

    mAP: float
    cmc: np.ndarray = field(repr=False)
    mINP: float
    ap: np.ndarray = field(repr=False)
    valid: np.ndarray = field(repr=False)
    first_hit: np.ndarray = field(repr=False)
    camera_rule: str

    @property
    def left_out(self) -> int:
        """Number of queries without a positive, which no mean contains."""
        return int((~self.valid).sum())

    def hit(self, k: int = 1) -> np.ndarray:
        """[Q] bool: is a right image among the first ``k``? False for a query that is not valid."""
        if k < 1:
            raise ValueError(f"ranks are counted from 1, got k={k}")
        return self.first_hit <= k  # NaN compares as False

    def rank(self, k: int = 1) -> float:
        """Share of valid queries with a right image among the first ``k``; k may exceed the length
        of ``cmc``.
        """
        return float(self.hit(k).sum() / self.valid.sum())

    def __str__(self) -> str:
        scores = [("mAP", self.mAP), *((f"rank-{k}", self.rank(k)) for k in (1, 5, 10)), ("mINP", self.mINP)]
        ranked = int(self.valid.sum())
        count = f"{ranked:,} {'query' if ranked == 1 else 'queries'}"
        if self.left_out:
            count += f", {self.left_out:,} without a positive left out"
        return "  ".join(f"{name} {100 * value:.1f} %" for name, value in scores) + f"  ({count}; {self.camera_rule})"
