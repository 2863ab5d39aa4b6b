"""Figures show what they were given, in the book's colours."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex

from rbcl_lite import plots
from rbcl_lite.experiments.rotation import ROTATION
from rbcl_lite.experiments.settings import TABLE
from rbcl_lite.features import Features
from rbcl_lite.methods import METHODS
from rbcl_lite.plots import (
    METHOD_COLOURS,
    OLD,
    arrows,
    cross_test_heatmap,
    feature_spaces,
    history_curves,
    joint_map,
    old_map,
    ranked_strip,
    show_rows,
    squeezed,
    trade_off,
    trade_off_panels,
)
from rbcl_lite.plots.curves import result_dots

mpl.use("agg")


def features(count: int, dim: int = 8, seed: int = 0) -> Features:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.arange(count) % 5
    return Features(torch.randn(count, dim, generator=generator), ids, keys=[str(i) for i in range(count)])


def result() -> dict:
    def run(method: str, weight: float, seed: int, new_old: float) -> dict:
        return {
            "method": method,
            "weight": weight,
            "seed": seed,
            "test": {"old_old": 20.0, "new_old": new_old, "new_new": 70.0 - weight},
        }

    runs = [run("independent", 0, 0, 1.0), run("bct", 1, 0, 22.0), run("bct", 4, 0, 25.0), run("bct", 4, 1, 99.0)]
    return {"chosen": {"bct": 4}, "runs": runs}


def test_every_method_has_its_own_colour() -> None:
    assert set(METHOD_COLOURS) == set(METHODS) | set(TABLE) | {ROTATION, "smooth-ap-all-pairs"}
    assert len({c.lower() for c in METHOD_COLOURS.values()}) == len(METHOD_COLOURS)


def test_trade_off_draws_the_swept_seed_only() -> None:
    ax = trade_off(result(), ["bct"]).axes[0]
    line = next(line for line in ax.lines if to_hex(line.get_color()) == METHOD_COLOURS["bct"].lower())
    assert line.get_xydata().tolist() == [[69.0, 22.0], [66.0, 25.0]]
    assert any(to_hex(line.get_color()) == OLD.lower() and line.get_ydata()[0] == 20.0 for line in ax.lines)


def test_result_dots_put_the_best_method_on_top() -> None:
    rows = [("independent", 0, 1.0), ("bct", 0, 22.0), ("bct", 1, 26.0), ("l2", 0, 21.0)]
    runs = pd.DataFrame(rows, columns=["method", "seed", "new_old"]).assign(new_new=70.0)
    runs["old_old"] = [20.0, 20.0, 30.0, 20.0]
    ax = result_dots(runs).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["independent", "l2", "bct"]
    assert ax.lines[0].get_xdata()[0] == 25.0, "the mean over seeds, whatever the number of methods on each"
    rings, mean, _, own = (c.get_offsets() for c in ax.collections[8:12])
    assert rings[:, 0].tolist() == [22.0, 26.0] and mean.tolist() == [[24.0, 2.0]] and own.tolist() == [[25.0, 2.0]]
    assert not len(ax.collections[9].get_facecolor()), "too few seeds: hollow"
    assert len(result_dots(runs, enough=2).axes[0].collections[9].get_facecolor())


def test_heatmap_prints_per_cent() -> None:
    matrix = pd.DataFrame([[0.25, 0.01], [0.3, 0.8]], index=["old", "new"], columns=["old", "new"])
    texts = [t.get_text() for t in cross_test_heatmap(matrix).axes[0].texts]
    assert texts == ["25.0", "1.0", "30.0", "80.0"]


def test_strip_gives_junk_no_rank() -> None:
    image = np.zeros((8, 4, 3), np.uint8)
    ax = ranked_strip(image, [image] * 4, ["wrong", "junk", "right", "right"]).axes[0]
    labels = {t.get_position()[0]: t.get_text() for t in ax.texts if t.get_text() in {"1", "2", "3", "4", "junk"}}
    assert labels == {0: "1", 1: "junk", 2: "2", 3: "3"}
    with pytest.raises(ValueError, match="2 images but 1 kinds"):
        ranked_strip(image, [image] * 2, ["right"])


def test_history_and_rows() -> None:
    history = pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0]})
    assert history_curves({"bct": history}).axes[0].lines[0].get_xydata().tolist() == [[1, 2], [2, 1]]
    with pytest.raises(ValueError, match="1 rows but 2 labels"):
        show_rows([np.zeros((2, 4, 2, 3), np.uint8)], ["a", "b"])


@pytest.mark.slow
def test_joint_map_is_repeatable_and_keeps_the_parts() -> None:
    a, b = features(40), features(30, seed=1)
    first, second = joint_map([a, b]), joint_map([a, b])
    assert [len(p) for p in first] == [40, 30]
    assert np.allclose(first[0], second[0]) and np.allclose(first[1], second[1])


@pytest.mark.slow
def test_feature_spaces_has_one_panel_per_new_model() -> None:
    figure = feature_spaces(
        features(40), {"independent": features(40, seed=1), "compatible": features(40, seed=2)}, people=[0]
    )
    named = [{t.get_text() for t in ax.get_legend().get_texts()} for ax in figure.axes]
    assert named == [{"old model", "independent new model"}, {"old model", "compatible new model"}]


def test_arrows_run_from_each_old_place_to_its_new_one() -> None:
    old, new = features(40), features(40, seed=1)
    ids = old.ids.numpy()
    places = {"old": np.zeros((40, 2)), "independent": np.ones((40, 2)), "compatible": np.full((40, 2), 2.0)}
    figure = arrows(places, ids, people=[0, 3])
    assert len(figure.axes) == 2
    for ax, colour, end in zip(figure.axes, ("INDEPENDENT", "COMPATIBLE"), (1.0, 2.0)):
        drawn = [a for a in ax.texts if a.arrow_patch is not None]
        assert len(drawn) == np.isin(ids, [0, 3]).sum()
        assert {(tuple(a.xyann), tuple(a.xy)) for a in drawn} == {((0.0, 0.0), (end, end))}
        assert to_hex(drawn[0].arrow_patch.get_edgecolor()) == getattr(plots, colour).lower()
    assert new.dim == old.dim


def test_map_of_the_old_space_squeezes_strangers_into_it() -> None:
    """The artefact that the docstring names: vectors that have nothing to do with the old ones land among them."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(5, 8, generator=generator)
    ids = torch.arange(60) % 5
    old = Features(centres[ids] + 0.1 * torch.randn(60, 8, generator=generator), ids)
    strangers = Features(torch.randn(60, 16, generator=generator), ids)  # wider than the old ones, too
    places = old_map(old, {"same": old, "strangers": strangers})
    assert {name: p.shape for name, p in places.items()} == dict.fromkeys(("old", "same", "strangers"), (60, 2))
    assert squeezed(places["old"], places["same"]) > 0.9
    low, high = places["old"].min(axis=0), places["old"].max(axis=0)
    assert ((places["strangers"] >= low - 1) & (places["strangers"] <= high + 1)).all()
    assert squeezed(places["old"], places["old"] + 1000) == 0


def test_trade_off_panels_show_each_setting_and_one_legend() -> None:
    """Any number of settings, and the compatible models fill a panel whatever the independent one scores."""
    for count in (1, 2, 3):
        figure = trade_off_panels({f"setting {i}": result() for i in range(count)})
        assert [ax.get_title(loc="left") for ax in figure.axes[:count]] == [f"setting {i}" for i in range(count)]
        legends = [ax.get_legend() is not None for ax in figure.axes]
        assert legends == [False] * (len(legends) - 1) + [True] and len(legends) == count + (count == 3)
    other = {"chosen": {"l2": 4}, "runs": [{**r, "method": r["method"].replace("bct", "l2")} for r in result()["runs"]]}
    legend = trade_off_panels({"setting 0": result(), "setting 1": other}).axes[-1].get_legend()
    assert legend is not None and [t.get_text() for t in legend.get_texts()] == ["bct", "l2"]
    low, high = figure.axes[0].get_ylim()
    assert 15 < low < 20 and 25 < high < 30  # from old/old to the best of the swept seed
