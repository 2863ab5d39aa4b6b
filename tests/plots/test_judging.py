"""Figures about judgement show the numbers they were given."""

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit
from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_distances
from rbcl_lite.plots import (
    COMPATIBLE,
    INDEPENDENT,
    METHOD_COLOURS,
    first_found,
    flips_scatter,
    gain_fan,
    loss_curves,
    seed_dots,
    strip_of,
)
from rbcl_lite.plots.judging import person_or_camera
from rbcl_lite.plots.style import PLAIN_COLOURS

mpl.use("agg")


def test_seed_dots_draw_each_seed_and_the_mean() -> None:
    ax = seed_dots({"independent": [-2.0, -4.0], "bct": [1.0, 2.0, 3.0]}, label="points").axes[0]
    rings = [c for c in ax.collections if c.get_offsets().shape[1] == 2 and len(c.get_offsets()) > 1]
    assert [sorted(c.get_offsets()[:, 0].tolist()) for c in rings] == [[-4.0, -2.0], [1.0, 2.0, 3.0]]
    means = [line.get_xdata()[0] for line in ax.lines if to_hex(line.get_color()) == METHOD_COLOURS["bct"].lower()]
    assert 2.0 in means
    with pytest.raises(ValueError, match="bct has 1 seed: an interval takes at least two"):
        seed_dots({"bct": [1.0]}, label="points")


def test_gain_fan_is_upgrade_over_denominator() -> None:
    low, middle, high = gain_fan(1.0, 0.5, (1.0, 10.0)).axes[0].lines
    assert [line.get_ydata()[0] for line in (low, middle, high)] == [0.5, 1.0, 1.5]
    assert middle.get_ydata()[-1] == pytest.approx(0.1)


def test_flips_are_drawn_in_the_model_s_colour() -> None:
    before = evaluate_distances(np.array([[0, 1.0], [1.0, 0]]), [1, 2], [1, 2])
    after = evaluate_distances(np.array([[1.0, 0], [1.0, 0]]), [1, 2], [1, 2])
    axes = flips_scatter({"independent": (before, after), "compatible": (before, before)}).axes
    assert axes[0].collections[0].get_offsets().tolist() == [[1.0, 0.5], [1.0, 1.0]]
    assert [to_hex(ax.collections[0].get_facecolor()[0]) for ax in axes] == [INDEPENDENT.lower(), COMPATIBLE.lower()]


def test_loss_curves_average_without_losing_short_ones() -> None:
    ax = loss_curves({"old": [4.0, 2.0], "new": [float(i) for i in range(40)]}, every=10).axes[0]
    assert ax.lines[0].get_ydata().tolist() == [4.0, 2.0]
    assert ax.lines[1].get_ydata()[0] == pytest.approx(4.5)


def test_both_kinds_of_pairs_are_drawn_on_one_scale() -> None:
    ax = person_or_camera(np.array([1.0, 1.0, 3.0]), np.array([6.0]), label="distance").axes[0]
    person, camera = ax.containers
    assert to_hex(person[0].get_facecolor()) == PLAIN_COLOURS[1].lower()
    assert [bar.get_x() for bar in person] == [bar.get_x() for bar in camera]
    shares = [bar.get_height() * bar.get_width() for bar in person]
    assert max(shares) == pytest.approx(2 / 3) and sum(shares) == pytest.approx(1)


def test_what_is_found_leaves_junk_out() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    gallery = Features(vectors, ids=[1, 2, 1], cams=[0, 1, 1])
    query = Features(torch.tensor([[1.0, 0.1]]), ids=[1], cams=[0])
    pictures = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1) * np.ones((1, 4, 2, 3), np.uint8)
    found, right = first_found(query, gallery, 0, pictures)
    assert found[:, 0, 0, 0].tolist() == [1, 2] and right == [False, True]
    images = RetrievalSplit(
        ReIDDataset(pictures[:1], np.array([1]), np.array([0]), ["q"], "toy"),
        ReIDDataset(pictures, np.array([1, 2, 1]), np.array([0, 1, 1]), list("abc"), "toy"),
    )
    figure = strip_of(query, gallery, np.array([0.5]), images, count=3)
    assert "Query q: AP 50.0 %" in figure.axes[0].get_title(loc="left") + str([t.get_text() for t in figure.texts])
