"""Report of an upgrade: its cross-test, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from rbcl_lite.experiments.stored_sides import Sides
from rbcl_lite.metrics.bootstrap import bootstrap
from rbcl_lite.metrics.compatibility import is_compatible, update_gain
from rbcl_lite.metrics.flips import negative_flips, positive_flips
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_ranking

Metric = Literal["mAP", "rank1", "mINP"]


@dataclass(frozen=True)
class UpgradeReport:
    """Scores of query models against gallery models.

    Args:
        cells: result by (query model, gallery model).
        metric: which score counts.
        people: [Q] identity of each query.
    """

    cells: Mapping[tuple[str, str], RankingResult]
    metric: Metric
    people: np.ndarray

    def score(self, query: str, gallery: str) -> float | None:
        """0..1, or None where it was not measured."""
        cell = self.cells.get((query, gallery))
        if cell is None:
            return None
        return {"mAP": cell.mAP, "rank1": cell.rank(1), "mINP": cell.mINP}[self.metric]

    @property
    def camera_rule(self) -> str:
        """Under which rule all cells were measured, in words."""
        return next(iter(self.cells.values())).camera_rule

    def matrix(self) -> pd.DataFrame:
        """Scores 0..1: rows are query models, columns gallery models."""
        queries, galleries = (list(dict.fromkeys(names)) for names in zip(*self.cells))
        return pd.DataFrame([[self.score(q, g) for g in galleries] for q in queries], index=queries, columns=galleries)

    def verdicts(self) -> dict[str, Any]:
        """What the scores of ``old``, ``new`` and ``independent`` allow to say: ``compatible``,
        ``interval`` (of new/old minus old/old, 95 % over people; not of mINP), ``negative_flips``,
        ``positive_flips`` (shares) and ``update_gain`` (None where it is not defined); each only
        where all that it needs was measured.
        """
        out: dict[str, Any] = {}
        before, after = self.score("old", "old"), self.score("new", "old")
        if before is None or after is None:
            return out
        out["compatible"] = is_compatible(after, before)
        old_old, new_old = self.cells["old", "old"], self.cells["new", "old"]
        if self.metric != "mINP":  # which is kept as a mean alone
            out["interval"] = self._interval(old_old, new_old)
        out["negative_flips"] = negative_flips(old_old, new_old)
        out["positive_flips"] = positive_flips(old_old, new_old)
        best = self.score("independent", "independent")
        if best is not None:
            try:
                out["update_gain"] = update_gain(after, before, best)
            except ValueError:
                out["update_gain"] = None
        return out

    def _interval(self, before: RankingResult, after: RankingResult) -> tuple[float, float]:
        """Of the mean difference over queries, if people are drawn again."""
        both = before.valid & after.valid
        old, new = ((r.ap if self.metric == "mAP" else r.hit(1).astype(float))[both] for r in (before, after))
        low, high = np.percentile(bootstrap(new - old, self.people[both]), [2.5, 97.5])
        return float(low), float(high)


def report(models: Mapping[str, Sides], metric: Metric = "mAP") -> UpgradeReport:
    """Every query side against every gallery side.

    Args:
        models: by name: ``old``, ``new``, ``independent``; the verdicts know these.
        metric: mAP, rank1 or mINP.

    Raises:
        ValueError: no model has queries.
    """
    if all(side.query is None for side in models.values()):
        raise ValueError("no model has queries, so nothing can be ranked")
    cells = {}
    for q, query in models.items():
        for g, gallery in models.items():
            if query.query is not None:
                cells[q, g] = evaluate_ranking(query.query.fit(gallery.gallery.dim), gallery.gallery)
    people = next(side.query.ids.numpy() for side in models.values() if side.query is not None)
    return UpgradeReport(cells, metric, people)
