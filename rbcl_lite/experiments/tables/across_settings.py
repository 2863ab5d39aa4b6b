"""All settings at once: what of the plan is measured, and which way each comparison of two methods comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rbcl_lite.experiments.settings import SETTINGS, TABLE, VARIANTS, independent
from rbcl_lite.experiments.tables.runs import chosen_runs
from rbcl_lite.experiments.verdict import SEEDS, paired, separated
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS

Results = Mapping[str, Mapping[str, Any]]
"""Setting to its result, for those that were measured
(:func:`rbcl_lite.experiments.tables.setting.measured_settings`).
"""

MARKS = {"higher": "▲", "lower": "▼", "not separated": "·"}
"""How :func:`compare` writes a verdict."""


def planned(setting: str) -> list[str]:
    """The methods of :data:`~rbcl_lite.experiments.settings.TABLE` that can be trained in a setting: where
    labels change in every epoch, methods that keep something for each class cannot.

    >>> set(planned("more-identities")) - set(planned("cross-domain-ecn")) == {"unibct", "mixbct"}
    True
    """
    fixed = LEARNERS[independent(setting, scale_name="smoke").learner].fixed_labels
    return [m for m in TABLE if fixed or not METHODS[VARIANTS.get(m, (m,))[0]].fixed_labels]


def coverage(results: Results) -> pd.DataFrame:
    """What stands behind each planned setting, one row each, in the order of the plan.

    Returns:
        ``upgrade`` in words, ``runs``, and what is ``not measured yet``: ``all of it``, methods that
        are :func:`planned`, methods on fewer than five seeds, or a dash.
    """
    rows = {}
    for name, about in SETTINGS.items():
        runs, missing = 0, "all of it"
        if name in results:
            seeds = chosen_runs(dict(results[name])).groupby("method")["seed"].nunique()
            runs = len(results[name]["runs"])
            lacks = [m for m in planned(name) if m not in seeds]
            lacks += [f"{m} (only {seeds[m]} seeds)" for m in planned(name) if seeds.get(m, SEEDS) < SEEDS]
            missing = ", ".join(lacks) or "–"
        rows[name] = {"upgrade": about, "runs": runs, "not measured yet": missing}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setting")


def compare(results: Results, pairs: Mapping[str, tuple[str, str, str]]) -> pd.DataFrame:
    """One comparison of two methods in a row, one measured setting in a column.

    Args:
        results: at least one.
        pairs: what a row is called, to method, the one that is subtracted, and the score, such as
            ``("smooth-ap", "bct", "new_old")``.

    Returns:
        the mean difference in points with a mark for its verdict
        (:func:`~rbcl_lite.experiments.verdict.separated`, :data:`MARKS`; ``?`` where fewer than
        five seeds allow none), or a dash where one of the two is missing.
    """

    def cell(result: Mapping[str, Any], one: str, other: str, column: str) -> str:
        if not {one, other} <= set(chosen_runs(dict(result))["method"]):
            return "–"
        gap = paired(dict(result), one, other, column)
        if gap.empty:
            return "–"
        mark = "?" if len(gap) < SEEDS else MARKS[separated(gap)]
        return f"{gap.mean():+.1f} {mark}".replace("-", "−")

    cells = {name: [cell(r, *pair) for pair in pairs.values()] for name, r in results.items()}
    return pd.DataFrame(cells, index=list(pairs))
