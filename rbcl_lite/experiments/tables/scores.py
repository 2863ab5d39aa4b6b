"""Score table: the results of several systems, one line for each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rbcl_lite.metrics.result import RankingResult


def score_table(results: Mapping[str, RankingResult], ranks: tuple[int, ...] = (1,)) -> pd.DataFrame:
    """mAP and rank-k of each system in per cent, to one decimal, and the camera rule that was applied.

    Args:
        results: system to its result.
        ranks: the k of rank-k, one column for each.

    >>> from rbcl_lite.metrics import evaluate_distances
    >>> score_table({"toy": evaluate_distances([[0.1, 0.2]], [7], [5, 7])}, ranks=(1, 2))["rank-2"].tolist()
    [100.0]
    """
    rows = {
        name: {
            "mAP": round(100 * r.mAP, 1),
            **{f"rank-{k}": round(100 * r.rank(k), 1) for k in ranks},
            "camera rule": r.camera_rule,
        }
        for name, r in results.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
