"""Metrics: how well a query finds its person, and a new model reads an old gallery."""

from rbcl_lite.metrics.compatibility import AdvScores, adv_scores, cross_test, is_compatible, update_gain
from rbcl_lite.metrics.flips import negative_flips, positive_flips
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_distances, evaluate_ranking

__all__ = [
    "AdvScores",
    "RankingResult",
    "adv_scores",
    "cross_test",
    "evaluate_distances",
    "evaluate_ranking",
    "is_compatible",
    "negative_flips",
    "positive_flips",
    "update_gain",
]
