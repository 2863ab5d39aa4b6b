"""Table of a setting: every method at its chosen weight, with what it gains, costs and breaks."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from rbcl_lite.experiments.result_file import RESULTS
from rbcl_lite.experiments.rotation import BASELINES, ROTATION
from rbcl_lite.experiments.settings import SETTINGS
from rbcl_lite.experiments.tables.runs import chosen_runs, curve, load_result
from rbcl_lite.experiments.verdict import paired, separated
from rbcl_lite.metrics.compatibility import adv_scores, is_compatible, update_gain
from rbcl_lite.metrics.trade_off import hypervolume

COMPARED = ("bct", ROTATION)
"""What every method is compared with."""


def measured_settings(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The results of those settings that were measured since the recipe of training was chosen, in the
    order of :data:`~rbcl_lite.experiments.settings.SETTINGS`.
    """
    since = load_result("recipe", folder)["date"]
    there = [name for name in SETTINGS if (folder / f"{name}.json").is_file()]
    found = {name: load_result(name, folder) for name in there}
    return {name: result for name, result in found.items() if result["date"] >= since}


def setting_table(result: dict[str, Any], part: str = "test") -> pd.DataFrame:
    """Everything that is said of the methods of a setting, best new/old first.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned for a setting.
        part: test or validation.

    Returns:
        one row per method. mAP in per cent, means over its seeds:

        - ``weight``, ``seeds``, ``old/old``, ``new/old``, ``new/new``
        - ``price``: points of new/new below the independent model's on the same seeds
        - ``compatible``: on how many seeds new/old lies above old/old
        - ``gain``: :func:`~rbcl_lite.metrics.compatibility.update_gain`
        - ``up``, ``comp``: :func:`~rbcl_lite.metrics.compatibility.adv_scores`
        - ``flips``: per cent of the queries that were right before and are wrong now
        - ``area``: :func:`~rbcl_lite.metrics.trade_off.hypervolume` of the swept curve above
          (old/old, old/old), in thousands of squared points; NaN where nothing was swept
        - ``seconds`` of training
        - ``against bct``, ``against rotation``: :func:`~rbcl_lite.experiments.verdict.separated` of
          new/old
    """
    runs = chosen_runs(result, part)
    alone = runs[runs["method"] == "independent"].set_index("seed")["new_new"]
    rows = []
    for method, own in runs.groupby("method"):
        best = own["seed"].map(alone)
        adv = [adv_scores(*scores) for scores in zip(own["new_new"], own["new_old"], own["old_old"], best)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an independent model below the old one is seen beside it
            gains = [update_gain(*scores) for scores in zip(own["new_old"], own["old_old"], best)]
        rows.append(
            {
                "method": method,
                "weight": own["weight"].iloc[0],
                "seeds": len(own),
                **{name.replace("_", "/"): own[name].mean() for name in ("old_old", "new_old", "new_new")},
                "price": (best - own["new_new"]).mean(),
                "compatible": sum(map(is_compatible, own["new_old"], own["old_old"])),
                "gain": sum(gains) / len(gains),
                "up": sum(s.up for s in adv) / len(adv),
                "comp": sum(s.comp for s in adv) / len(adv),
                "flips": own["flips"].mean(),
                "area": math.nan if method in BASELINES else _area(result, str(method), part),
                "seconds": own["seconds"].mean(),
                **{f"against {other}": _word(result, str(method), other, part) for other in COMPARED},
            }
        )
    return pd.DataFrame(rows).set_index("method").sort_values("new/old", ascending=False)


def _area(result: dict[str, Any], method: str, part: str) -> float:
    swept = curve(result, method, part)
    old = float(swept["old_old"].iloc[0])
    return hypervolume(zip(swept["new_old"], swept["new_new"]), (old, old)) / 1000


def _word(result: dict[str, Any], method: str, other: str, part: str) -> str:
    """``higher``, ``lower``, ``not separated``, or a dash for the method itself and where the other is missing."""
    if method == other or other not in set(chosen_runs(result, part)["method"]):
        return "–"
    return separated(paired(result, method, other, part=part))
