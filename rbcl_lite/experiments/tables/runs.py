"""Tables of measured numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from rbcl_lite.experiments import ablation, repeatability
from rbcl_lite.experiments.axes import AXES
from rbcl_lite.experiments.omniglot.job import UPGRADES
from rbcl_lite.experiments.result_file import RESULTS
from rbcl_lite.experiments.rollout import job as rollout
from rbcl_lite.experiments.rotation import BASELINES
from rbcl_lite.experiments.settings import SETTINGS


def load_result(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """A result file that :func:`rbcl_lite.experiments.sweep.sweep` wrote.

    Args:
        name: the setting, for example ``stronger-and-more``, or ``unlabelled-station``
            (:func:`rbcl_lite.experiments.ablation.ablation`).
        folder: where result files are; the ones that come with the package by default.

    Raises:
        FileNotFoundError: no such result (the command that makes it is named).
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        images = {n: f"omniglot --data FOLDER --upgrade {n}" for n in UPGRADES}
        swept = {n: f"sweep --setting {n}" for n in SETTINGS}
        own = {ablation.NAME: "ablation", rollout.NAME: "rollout", repeatability.NAME: "repeatability"}
        named = {**swept, **own, **images, **{n: f"axis {n}" for n in AXES}}
        command = named.get(name, f"sweep --setting SETTING --name {name}")
        raise FileNotFoundError(f"no result {path.name}; make it with: rbcl-lite experiment {command}")
    return json.loads(path.read_text(encoding="utf-8"))


def runs_table(result: dict[str, Any], part: str = "test") -> pd.DataFrame:
    """One row per run: method, weight, seed, the scores of ``part`` in per cent, the training
    seconds, and the hardware.
    """
    rows = [
        {
            **{k: r[k] for k in ("method", "weight", "seed")},
            **r[part],
            "seconds": r["seconds"],
            "hardware": r.get("hardware", "unknown"),
        }
        for r in result["runs"]
    ]
    return pd.DataFrame(rows)


def curve(result: dict[str, Any], method: str, part: str = "test") -> pd.DataFrame:
    """The runs of one method on the seed whose weights were swept, by ascending weight."""
    table = runs_table(result, part)
    own = table[table["method"] == method]
    if own.empty:
        raise ValueError(f"no run of {method!r} in this result; it holds {sorted(set(table['method']))}")
    return own[own["seed"] == own["seed"].min()].sort_values("weight", ignore_index=True)


def chosen_runs(result: dict[str, Any], part: str = "test") -> pd.DataFrame:
    """The runs at each method's chosen weight, and those of the independent model and the rotation, over all seeds."""
    table = runs_table(result, part)
    weight = {**result["chosen"], **BASELINES}
    return table[[weight.get(m) == w for m, w in zip(table["method"], table["weight"])]].reset_index(drop=True)


def summary(result: dict[str, Any], part: str = "test") -> pd.DataFrame:
    """Mean and standard deviation over seeds at the chosen weight, best new/old first.

    Returns:
        one row per method: weight, seeds, and mean and std of old/old, new/old and new/new mAP in
        per cent, and ``gap``, the mean over seeds of new/old minus old/old.
    """
    table = chosen_runs(result, part)
    table["gap"] = table["new_old"] - table["old_old"]
    grouped = table.groupby("method")
    out = pd.DataFrame({"weight": grouped["weight"].first(), "seeds": grouped["seed"].nunique()})
    for name in ("old_old", "new_old", "new_new", "gap"):
        out[name] = grouped[name].mean()
        out[f"{name}_std"] = grouped[name].std()
    return out.sort_values("new_old", ascending=False)
