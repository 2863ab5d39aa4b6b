"""Figures of agents, heads and the globe are drawn from small tables."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from rbcl_lite.plots.agents import coverage_curves, head_panels
from rbcl_lite.plots.gradients import head_curves, weight_curves
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
    columns = ["new_old", "new_new"]
    by_people = table([4, 8], [0, 4], [0.0, 1.0], names=["people", "agents", "weight"], columns=columns)
    figure = head_panels(by_people, 11.0)
    assert len(figure.axes) == 2 and figure.axes[0].get_title(loc="left").startswith("4 people")
    assert len(head_curves(table(["a", "b"], [0, 1], names=["v", "weight"], columns=columns), 11.0).axes) == 1
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
