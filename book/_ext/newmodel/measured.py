"""``{measured}``: the committed results as tables, so that a page shows numbers without typing one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rbcl_lite.experiments.settings import SETTINGS
from rbcl_lite.experiments.tables import chosen_runs

ENOUGH = 5  # paired seeds before one method is called better than another


def spread(values: pd.Series, sign: bool = False) -> str:
    """Mean and standard deviation over seeds.

    >>> spread(pd.Series([1.0, 3.0])), spread(pd.Series([2.0]), sign=True)
    ('2.0 ± 1.4', '+2.0')
    """
    mean = f"{values.mean():+.1f}" if sign else f"{values.mean():.1f}"
    return f"{mean} ± {values.std():.1f}" if len(values) > 1 else mean


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


def notes(result: dict[str, Any]) -> list[str]:
    """What stands below a table: the old model's score, the origin, and how far the order can be trusted."""
    runs = chosen_runs(result)
    old = runs.drop_duplicates("seed")["old_old"]
    fewest = int(runs.groupby("method")["seed"].nunique().min())
    trust = (
        f"Every method has {fewest} seeds." if fewest >= ENOUGH else "**The order of the methods is not separated**: "
    )
    if fewest < ENOUGH:
        trust += (
            f"some have {fewest} seed{'s' if fewest > 1 else ''}, and {ENOUGH} are needed before one is called better."
        )
    kind = "mAP in per cent on test people, mean ± standard deviation over seeds; weights chosen on validation people."
    origin = f"Measured on {result['date']}, {result['hardware']}, by `{result['command']}`."
    return [f"old/old is {spread(old)}. {kind} {trust} {origin}"]


class Measured(SphinxDirective):
    """One section for each setting that has been measured at laptop scale."""

    def run(self) -> list[nodes.Node]:
        """Write the sections as Markdown and let the page's parser read them."""
        lines: list[str] = []
        for name, meaning in SETTINGS.items():
            path = Path(self.config.rbcl_results) / f"{name}.json"
            result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"chosen": {}}
            if not result["chosen"]:
                continue
            self.env.note_dependency(str(path))
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
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box, True)
        return box.children


class Headline(SphinxDirective):
    """The four numbers of an upgrade, for one setting and one compatible method."""

    required_arguments = 2  # setting, method

    def run(self) -> list[nodes.Node]:
        """Write a Markdown table of four rows."""
        setting, method = self.arguments
        path = Path(self.config.rbcl_results) / f"{setting}.json"
        self.env.note_dependency(str(path))
        result = json.loads(path.read_text(encoding="utf-8"))
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
        lines += ["", f"*People that no model has seen; mean ± standard deviation over {own['seed'].nunique()} seeds.*"]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box)
        return box.children


def setup(app: Sphinx) -> None:
    """Register the directive and the folder that it reads."""
    app.add_config_value("rbcl_results", "", "env")
    app.add_directive("measured", Measured)
    app.add_directive("headline", Headline)
