"""Gradient of a ranking loss in each cosine, against differences of the loss."""

import pytest
import torch

from rbcl_lite.losses import calibration_loss, smooth_ap_loss
from rbcl_lite.losses.list_ap import list_ap
from rbcl_lite.losses.similarity_gradient import ACTIVE, similarity_gradient


@pytest.mark.parametrize("positives", [1, 2])
def test_equals_differences_of_the_loss(positives):
    s = torch.tensor([0.61, 0.58, 0.6, 0.2], dtype=torch.float64)
    marks = torch.arange(4) < positives
    found = similarity_gradient(lambda *x: smooth_ap_loss(*x, temperature=0.05), s, positives)
    for j in range(4):
        step = 1e-6 * torch.eye(4, dtype=torch.float64)[j]
        wanted = -(list_ap(s + step, marks, 0.05) - list_ap(s - step, marks, 0.05)) / 2e-6
        assert found[j].item() == pytest.approx(wanted.item(), abs=1e-6)


def test_a_loss_with_a_known_slope():
    loss = lambda *x: calibration_loss(*x, positive_margin=0.9, negative_margin=0.6)  # noqa: E731
    found = similarity_gradient(loss, [0.5, 0.7, 0.3])
    assert found[0] < 0 < found[1] and found[2] == 0  # below its margin, above its margin, no reason to move


def test_active_is_where_a_hundredth_of_the_slope_is_left():
    left = [4 * s * (1 - s) for s in torch.sigmoid(torch.tensor([ACTIVE, ACTIVE - 0.01], dtype=torch.float64)).tolist()]
    assert left[0] < 0.01 < left[1]
