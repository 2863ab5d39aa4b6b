"""One upgrade on a page: its systems in one table, and how near new vectors stay to their old ones."""

from __future__ import annotations

import pandas as pd

from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.experiments.tables.scores import score_table


def systems(alone: CrossTest, upgraded: CrossTest, name: str) -> pd.DataFrame:
    """The five systems that matter in an upgrade, one row each.

    Args:
        alone: the independent model's measurement.
        upgraded: that of a compatible model, on the same images.
        name: of the compatible model.

    Returns:
        mAP and rank-1 (:func:`~rbcl_lite.experiments.tables.scores.score_table`); rows old/old, then
        new/old and new/new of both.
    """
    named = {
        "old/old, before the upgrade": alone.old_old,
        "independent new/old": alone.new_old,
        f"{name} new/old": upgraded.new_old,
        f"{name} new/new, after a backfill": upgraded.new_new,
        "independent new/new, after a backfill": alone.new_new,
    }
    return score_table(named).drop(columns="camera rule")


def own_similarity(test: CrossTest) -> float:
    """Mean cosine between the new and the old vector of the same query.

    Args:
        test: a measurement; the spaces need the same dimension.

    >>> import torch
    >>> from rbcl_lite.features import Features
    >>> x = Features(torch.eye(2), ids=[0, 1])
    >>> own_similarity(CrossTest(x, x, x, x))
    1.0
    """
    new, old = test.new_query, test.old_query
    if new.keys is not None and old.keys is not None:
        old = new.align(old)
    return float((new.vectors * old.vectors).sum(1).mean())
