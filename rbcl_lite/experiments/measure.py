"""Measurement of an upgrade: the cells of its cross-test."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from rbcl_lite.features import Features
from rbcl_lite.metrics.compatibility import cross_test
from rbcl_lite.metrics.flips import negative_flips
from rbcl_lite.metrics.result import RankingResult
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.people import leave_out
from rbcl_lite.runs.run import Run, read_at
from rbcl_lite.runs.start import OldModel


@dataclass(frozen=True)
class CrossTest:
    """Old and new vectors of the same queries and gallery images. Each cell of the cross-test is
    computed once.

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
    """mAP and rank-1 of old/old, new/old and new/new in per cent, rounded to two decimals.

    ``flips`` is the share of queries that were right under old/old and are wrong under new/old.
    """
    named = {"old_old": test.old_old, "new_old": test.new_old, "new_new": test.new_new}
    out = {}
    for name, result in named.items():
        out[name] = round(100 * result.mAP, 2)
        out[f"{name}_rank1"] = round(100 * result.rank(1), 2)
    out["flips"] = round(100 * negative_flips(test.old_old, test.new_old), 2)
    return out


def seen_people(runs: Sequence[Run], config: RunConfig, part: str, progress: bool | None = None) -> set[str]:
    """The held-out people of a configuration on whom one of the runs was trained: no measurement
    may use them.
    """
    splits = config.splits(progress)
    known = [run.trained_on for run in runs if run.trained_on is not None]
    return {name for record in known for name in record.among(config.images, config.seed, splits, part)}


def cross_test_runs(
    runs: Sequence[Run],
    part: str = "test",
    metric: Literal["mAP", "rank1", "mINP"] = "mAP",
    *,
    config: RunConfig | None = None,
    without: Collection[str] = (),
    progress: bool | None = None,
) -> pd.DataFrame:
    """Cross-test of runs on the same images (0..1): rows are query models, columns gallery models.

    Args:
        runs: the models.
        part: validation or test.
        metric: which score.
        config: whose held-out people; those of the last run by default.
        without: names of people to leave out (:func:`seen_people`).
        progress: see :func:`rbcl_lite.base.progress.bar`.
    """
    on = config or runs[-1].config
    vectors = [_vectors(run, on, part, progress, without) for run in runs]  # each run once
    names = [f"{i} {run.config.method} {run.config.model.backbone}" for i, run in enumerate(runs)]
    queries = {n: v[0] for n, v in zip(names, vectors)}
    galleries = {n: v[1] for n, v in zip(names, vectors)}
    return cross_test(queries, galleries, metric=metric)


def _vectors(
    model: OldModel, config: RunConfig, part: str, progress: bool | None = None, without: Collection[str] = ()
) -> tuple[Features, Features]:
    """Vectors of the queries and of the gallery of a configuration's held-out people, at the size
    the model reads.
    """
    held_out = leave_out(
        read_at(config, model.size).splits(progress).held_out(part), config.images, config.seed, without
    )
    return model.extract(held_out.query, progress), model.extract(held_out.gallery, progress)
