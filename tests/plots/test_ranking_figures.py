"""Figures of agents, heads and the globe are drawn from small tables."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from rbcl_lite.plots.agents import coverage_curves
from rbcl_lite.plots.gradients import weight_curves
from rbcl_lite.plots.heads import head_curves
from rbcl_lite.plots.mixing import globes, teachers


def table(*levels: list, names: list[str], columns: list[str]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(levels, names=names)
    values = np.random.default_rng(0).uniform(5, 20, (len(index), len(columns)))
    return pd.DataFrame(values, index=index, columns=columns)


def test_coverage_axis_fits_what_is_drawn() -> None:
    seen = table(
        ["agents", "random"], [0, 2], names=["kind", "k"], columns=["references", "coverage in %", "median rank"]
    )
    figure = coverage_curves(seen)
    low, high = figure.axes[0].get_ylim()
    assert low == 0 and seen["coverage in %"].max() < high < 25
    plt.close(figure)


def test_curves_of_heads() -> None:
    means = table(["a", "b"], [0.0, 1.0], names=["variant", "weight"], columns=["new_old", "new_new"])
    figure = head_curves({"4 people": means, "8 people": means}, 11.0, ["smooth-ap", "rbcl"])
    assert len(figure.axes) == 2 and figure.axes[0].get_title(loc="left").startswith("4 people")
    assert [line.get_label() for line in figure.axes[0].get_lines()] == ["a", "b", "old/old"]
    assert len(head_curves({"": means}, 11.0, ["smooth-ap", "rbcl"]).axes) == 1


def test_curves_over_the_weight() -> None:
    points = pd.DataFrame({"weight": [1, 2], "new_old": [3.0, 4.0], "old_old": [2.0, 2.0]})
    _, ax = plt.subplots()
    weight_curves({"bct": points}, ax)
    assert len(ax.get_lines()) == 2
    plt.close("all")


def test_globes_and_teachers() -> None:
    labels = torch.arange(3).repeat_interleave(2)
    shown = {name: (torch.randn(6, 3), torch.randn(3, 3)) for name in ("ratio 0", "ratio 0.3")}
    assert isinstance(globes(shown, torch.randn(6, 3), labels), Figure)
    widths = pd.DataFrame(1.0, index=[0.1, 0.2], columns=["imitation", "mixing", "old spread", "spread"])
    assert len(teachers(widths).axes) == 2
    plt.close("all")
