"""What one upgrade is worth: the four numbers of the cross-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from rbcl_lite.data.dataset import RetrievalSplit
from rbcl_lite.features import Features
from rbcl_lite.metrics.compatibility import cross_test
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.run import Run


@dataclass(frozen=True)
class CrossTest:
    """Old and new vectors of the same queries and gallery images. Each cell of the cross-test is computed once.

    Args:
        old_query, old_gallery: vectors of the old model.
        new_query, new_gallery: vectors of the new model.
    """

    old_query: Features
    old_gallery: Features
    new_query: Features
    new_gallery: Features

    @cached_property
    def old_old(self) -> RankingResult:
        """The system before the upgrade."""
        return evaluate_ranking(self.old_query, self.old_gallery)

    @cached_property
    def new_old(self) -> RankingResult:
        """New queries against the stored gallery: what compatibility is about."""
        return evaluate_ranking(self.new_query.fit(self.old_gallery.dim), self.old_gallery)

    @cached_property
    def new_new(self) -> RankingResult:
        """The new model by itself, as after a complete backfill."""
        return evaluate_ranking(self.new_query, self.new_gallery)


def measure(old: Run, new: Run, part: str = "test", progress: bool | None = None) -> CrossTest:
    """Vectors of both models on the new run's images.

    Args:
        old: the run that made the gallery.
        new: the upgraded run.
        part: ``test``, or ``validation`` for choices.
        progress: see :func:`rbcl_lite.base.progress.bar`.
    """
    images: RetrievalSplit = getattr(new.config.splits(progress), part)
    if old.config.size == new.config.size:
        seen = images
    else:  # the same images, at the size that the old model reads
        seen = getattr(replace(new.config, size=old.config.size).splits(progress), part)
    return CrossTest(
        old.extract(seen.query, progress),
        old.extract(seen.gallery, progress),
        new.extract(images.query, progress),
        new.extract(images.gallery, progress),
    )


def scores(upgraded: CrossTest) -> dict[str, float]:
    """mAP and rank-1 of old/old, new/old and new/new in per cent, rounded to two decimals."""
    named = {"old_old": upgraded.old_old, "new_old": upgraded.new_old, "new_new": upgraded.new_new}
    out = {}
    for name, result in named.items():
        out[name] = round(100 * result.mAP, 2)
        out[f"{name}_rank1"] = round(100 * result.rank(1), 2)
    return out


def cross_test_runs(
    runs: Sequence[Run], part: str = "test", metric: Literal["mAP", "rank1", "mINP"] = "mAP"
) -> pd.DataFrame:
    """Cross-test of runs on the images of the last one (0..1): rows are query models, columns gallery models."""
    vectors = [measure(run, runs[-1], part) for run in runs]
    names = [f"{i} {run.config.method} {run.config.model.backbone}" for i, run in enumerate(runs)]
    queries = {n: v.old_query for n, v in zip(names, vectors)}
    galleries = {n: v.old_gallery for n, v in zip(names, vectors)}
    return cross_test(queries, galleries, metric=metric)
