"""Drawings of the system, of the methods, and of what a loss pulls at."""

import re

import matplotlib as mpl
import numpy as np
import pytest
import torch

from rbcl_lite.methods import METHODS
from rbcl_lite.plots import map_of_methods, system_diagram
from rbcl_lite.plots.methods_map import FAMILIES
from rbcl_lite.plots.pulls import on_circle, pull_curves, pulls

mpl.use("agg")


def texts(figure: mpl.figure.Figure) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in [*ax.texts, ax.title, ax._left_title, ax.xaxis.label]]


def test_the_system_names_every_station_and_the_upgrade() -> None:
    words = " ".join(texts(system_diagram())).replace("\n", " ")
    for word in (
        "camera",
        "crop",
        "old model",
        "new model",
        "vector",
        "store",
        "query",
        "compare",
        "list",
        "the upgrade",
    ):
        assert word in words, word


def test_the_map_holds_every_method_of_a_family_once() -> None:
    named = [m for methods, _ in FAMILIES.values() for m in re.split(r",\s*", methods)]
    assert len(named) == len(set(named))
    flat = {m.lower() for m in named}
    assert flat - {"rotation"} == set(METHODS) - {"independent", "advbct", "rbcl-bct"}
    assert len(map_of_methods().axes) == len(FAMILIES)


@pytest.mark.parametrize("draw", [system_diagram, map_of_methods])
def test_words_are_large_enough_on_a_phone(draw) -> None:
    """350 pixels wide: at least nine pixels for a letter's size."""
    figure = draw()
    sizes = [t.get_size() for t in figure.findobj(mpl.text.Text) if t.get_text()]
    assert min(sizes) / 72 * 350 / figure.get_figwidth() >= 9


def test_pull_is_the_slope_of_the_loss() -> None:
    goal = on_circle([40.0])

    def loss(new: torch.Tensor) -> torch.Tensor:
        return ((new - goal) ** 2).sum(dim=1).mean()

    at, h = np.array([10.0, 40.0, 100.0]), 0.1
    slope = [(loss(on_circle([a + h])) - loss(on_circle([a - h]))).item() / np.deg2rad(2 * h) for a in at]
    assert np.allclose(pulls(loss, at), -np.array(slope), atol=2e-3)
    assert len(pull_curves({"a": loss, "b": loss}, [30.0, 50.0, 200.0], torch.tensor([0, 0, 1])).axes) == 2
