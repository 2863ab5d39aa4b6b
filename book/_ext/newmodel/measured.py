"""``{measured}``: the committed results as tables, so that a page shows numbers without typing one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from sphinx.application import Sphinx

from newmodel._written import Written
from rbcl_lite.experiments.freshness import age
from rbcl_lite.experiments.omniglot.job import UPGRADES
from rbcl_lite.experiments.settings import SETTINGS
from rbcl_lite.experiments.tables.runs import chosen_runs
from rbcl_lite.experiments.verdict import SEEDS, paired, separated


def spread(values: pd.Series, sign: bool = False) -> str:
    """Mean and standard deviation over seeds.

    >>> spread(pd.Series([1.0, 3.0])), spread(pd.Series([2.0]), sign=True)
    ('2.0\\xa0±\\xa01.4', '+2.0')
    """
    mean = f"{values.mean():+.1f}" if sign else f"{values.mean():.1f}"
    return f"{mean}\u00a0±\u00a0{values.std():.1f}" if len(values) > 1 else mean  # a value does not break


def table(result: dict[str, Any]) -> list[str]:
    """A Markdown table: one row per method at its chosen weight, best new/old first."""
    runs = chosen_runs(result)
    alone = runs[runs["method"] == "independent"].set_index("seed")["new_new"]
    rows = []
    for method, own in runs.groupby("method"):
        own = own.set_index("seed")
        gap, cost = own["new_old"] - own["old_old"], (own["new_new"] - alone).dropna()
        weight = "–" if method == "independent" else f"{own['weight'].iloc[0]:g}"
        cells = [method, weight, f"{(gap > 0).sum()} of {len(own)}", spread(own["new_old"]), spread(gap, sign=True)]
        cells += [spread(own["new_new"]), "–" if method == "independent" or cost.empty else spread(cost, sign=True)]
        rows.append((-own["new_old"].mean(), f"| {' | '.join(map(str, cells))} |"))
    head = ["method", "weight", "seeds that are compatible", "new/old", "over old/old", "new/new", "over independent"]
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *(row for _, row in sorted(rows))]


def order(result: dict[str, Any]) -> str:
    """How far the order of a table can be trusted: every method against the one on top, by the book's rule.

    >>> ahead = {"nccl": [3, 4, 5, 4, 4], "bct": [3, 5, 4, 4, 3], "independent": [0, 0, 0, 1, 0]}
    >>> runs = [
    ...     {"method": m, "weight": 0.0, "seed": s, "seconds": 1.0, "test": {"new_old": 30.0 + a}}
    ...     for m, values in ahead.items() for s, a in enumerate(values)
    ... ]
    >>> order({"runs": runs, "chosen": {"nccl": 0.0, "bct": 0.0}})
    'Over 5 paired seeds `nccl` is not separated from `bct`; the others have a lower new/old.'
    >>> few = [{**r, "method": "l2"} for r in runs[:3]]
    >>> order({"runs": runs + few, "chosen": {"nccl": 0.0, "bct": 0.0, "l2": 0.0}}).split(". ")[1]
    'No verdict on `l2`: fewer than 5 seeds.'
    """
    runs = chosen_runs(result)
    seeds, means = runs.groupby("method")["seed"].nunique(), runs.groupby("method")["new_old"].mean()
    few = [f"`{m}`" for m in seeds.index if seeds[m] < SEEDS]
    enough = means[seeds >= SEEDS].sort_values(ascending=False)
    said = []
    if len(enough):
        first, *others = enough.index
        near = [f"`{m}`" for m in others if separated(paired(result, m, first)) != "lower"]
        if near:
            said.append(
                f"Over {SEEDS} paired seeds `{first}` is not separated from {', '.join(near)}; the others have a lower "
                "new/old."
            )
        else:
            said.append(f"Over {SEEDS} paired seeds all others have a lower new/old than `{first}`.")
    if few:
        said.append(f"No verdict on {', '.join(few)}: fewer than {SEEDS} seeds.")
    return " ".join(said)


def notes(result: dict[str, Any]) -> list[str]:
    """What stands below a table: the old model's score, the order, the origin."""
    old = chosen_runs(result).drop_duplicates("seed")["old_old"]
    kind = "mAP in per cent on test people, mean ± standard deviation over seeds; weights chosen on validation people."
    commands = ", ".join(f"`{command}`" for command in result["commands"])
    origin = f"{age(result)} Hardware: {result['hardware']}; command{'s' * (len(result['commands']) > 1)}: {commands}."
    if "confirmed" in result:
        origin += f" Confirmed on {result['confirmed']['date']}, by `{result['confirmed']['by']}`."
    return [f"old/old is {spread(old)}. {kind} {order(result)} {origin}"]


class Measured(Written):
    """One section for each upgrade that has been measured at laptop scale."""

    def lines(self) -> list[str]:
        """A heading, what it means, the table and the notes of each."""
        lines: list[str] = []
        for name, meaning in (SETTINGS | UPGRADES).items():
            path = Path(self.config.rbcl_results) / f"{name}.json"
            if not path.exists():
                continue
            result = self.read(path)
            if not result["chosen"]:
                continue
            lines += [
                "",
                f"### {name}",
                "",
                f"{meaning[0].upper()}{meaning[1:]}.",
                "",
                *table(result),
                "",
                *notes(result),
            ]
        return lines


class Headline(Written):
    """The four numbers of an upgrade, for one setting and one compatible method."""

    required_arguments = 2  # setting, method

    def lines(self) -> list[str]:
        """A table of four rows."""
        setting, method = self.arguments
        path = Path(self.config.rbcl_results) / f"{setting}.json"
        result = self.read(path)
        runs = chosen_runs(result)
        alone, own = runs[runs["method"] == "independent"], runs[runs["method"] == method]
        if own.empty:
            raise self.error(f"{path.name} holds no chosen run of {method!r}")
        rows = [
            ("old", "old", "before the upgrade", own["old_old"]),
            ("new, independent", "old", "the upgrade that breaks everything", alone["new_old"]),
            (f"new, compatible ({method})", "old", "the upgrade that this book is about", own["new_old"]),
            ("new, independent", "new", "after weeks of extracting everything again", alone["new_new"]),
        ]
        lines = ["| model of the query | model of the gallery | | mAP in % |", "| --- | --- | --- | ---: |"]
        lines += [f"| {q} | {g} | {what} | {spread(values)} |" for q, g, what, values in rows]
        seeds = own["seed"].nunique()
        below = f"*People that no model has seen; mean ± standard deviation over {seeds} seeds. {age(result)}*"
        return [*lines, "", below]


def setup(app: Sphinx) -> None:
    """Register the directive and the folder that it reads."""
    app.add_config_value("rbcl_results", "", "env")
    app.add_directive("measured", Measured)
    app.add_directive("headline", Headline)
