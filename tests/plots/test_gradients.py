"""Gradients in single cosines, against autograd on the formula; figures of gaps and agents."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import torch

from rbcl_lite.losses import Reactivation, smooth_ap_loss
from rbcl_lite.losses.similarity_gradient import similarity_gradient
from rbcl_lite.plots.agents import agent_strips, agents_map
from rbcl_lite.plots.gradients import gap_curves, gap_histogram, pull_panels

matplotlib.use("agg")


@pytest.mark.parametrize("reactivation", [None, Reactivation(), Reactivation("pair", margin=-0.02)])
def test_similarity_gradient_is_that_of_the_formula(reactivation: Reactivation | None) -> None:
    s = torch.tensor([0.62, 0.55, 0.6, 0.58, 0.3], dtype=torch.float64, requires_grad=True)
    total = s.new_zeros(())
    for p, peer in ((0, 1), (1, 0)):
        d = s[2:] - s[p]
        shift = 0 if reactivation is None else reactivation.constants(d.detach())
        a, b = 1 + torch.sigmoid((s[peer] - s[p]) / 0.01), torch.sigmoid((d + shift) / 0.01).sum()
        total = total + b / (a + b) / 2
    (expected,) = torch.autograd.grad(total, s)
    got = similarity_gradient(lambda *x: smooth_ap_loss(*x, reactivation=reactivation), s.detach(), positives=2)
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-9)


def test_curves_and_histograms_hold_what_was_given() -> None:
    gaps = np.linspace(-0.1, 0.3, 9)
    losses = {"plain": smooth_ap_loss, "dgr": lambda *x: smooth_ap_loss(*x, reactivation=Reactivation())}
    plain, dgr = gap_curves(losses, gaps).axes[0].lines
    positive = gaps > 1e-6
    np.testing.assert_allclose(dgr.get_ydata()[positive], 25 / 1.5**2, rtol=1e-3)
    assert plain.get_ydata()[-1] < 1e-6
    left, right = pull_panels(losses, {"plain": smooth_ap_loss}, hardest=0.1).axes
    assert [len(ax.lines) for ax in (left, right)] == [2, 1] and "0.1" in right.get_title(loc="left")
    figure = gap_histogram({"a": {"smooth-ap": gaps}, "b": {"smooth-ap": gaps, "rbcl": gaps - 0.1}})
    assert [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes] == ["a", "b"]


def test_agents_are_drawn_in_their_role() -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    ax = agents_map(points, {"query": [3], "its agents": [1, 4]}).axes[0]
    named = {c.get_label(): c.get_offsets() for c in ax.collections}
    np.testing.assert_allclose(named["its agents"], points[[1, 4]])
    with pytest.raises(ValueError, match="unknown role 'friend'"):
        agents_map(points, {"friend": [1]})
    images = np.zeros((6, 8, 4, 3), np.uint8)
    assert len(agent_strips(images, [(0, 1, [2, 3]), (4, 5, [2, 3])]).axes) == 8
    with pytest.raises(ValueError, match="same number"):
        agent_strips(images, [(0, 1, [2, 3]), (4, 5, [2])])
