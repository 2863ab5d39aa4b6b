"""What one upgrade is worth: the four numbers of the cross-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from rbcl_lite.features import Features
from rbcl_lite.metrics.compatibility import cross_test
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.start import OldModel


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


def measure(old: OldModel, new: Run, part: str = "test", progress: bool | None = None) -> CrossTest:
    """Vectors of both models on the new run's images.

    Args:
        old: what made the gallery: a run, or an old model of which only the vectors are left.
        new: the upgraded run.
        part: ``test``, or ``validation`` for choices.
        progress: see :func:`rbcl_lite.base.progress.bar`.
    """
    return CrossTest(*_vectors(old, new.config, part, progress), *_vectors(new, new.config, part, progress))


def scores(test: CrossTest) -> dict[str, float]:
    """mAP and rank-1 of old/old, new/old and new/new in per cent, rounded to two decimals."""
    named = {"old_old": test.old_old, "new_old": test.new_old, "new_new": test.new_new}
    out = {}
    for name, result in named.items():
        out[name] = round(100 * result.mAP, 2)
        out[f"{name}_rank1"] = round(100 * result.rank(1), 2)
    return out


def cross_test_runs(
    runs: Sequence[Run], part: str = "test", metric: Literal["mAP", "rank1", "mINP"] = "mAP"
) -> pd.DataFrame:
    """Cross-test of runs on the images of the last one (0..1): rows are query models, columns gallery models."""
    vectors = [_vectors(run, runs[-1].config, part) for run in runs]  # each run once
    names = [f"{i} {run.config.method} {run.config.model.backbone}" for i, run in enumerate(runs)]
    queries = {n: v[0] for n, v in zip(names, vectors)}
    galleries = {n: v[1] for n, v in zip(names, vectors)}
    return cross_test(queries, galleries, metric=metric)


def _vectors(model: OldModel, config: RunConfig, part: str, progress: bool | None = None) -> tuple[Features, Features]:
    """Vectors of the queries and of the gallery of a configuration's held-out people, at the size the model reads."""
    config = config if model.size is None else replace(config, size=model.size)
    held_out = config.splits(progress).held_out(part)
    return model.extract(held_out.query, progress), model.extract(held_out.gallery, progress)
