import itertools
import math

import pytest
import reference_losses as slow
import torch
from reference_losses import IDS, LABELS, vectors

from rbcl_lite.losses.identity import arcface_loss, cross_entropy_loss
from rbcl_lite.losses.triplet import triplet_loss


def test_arcface_equals_the_loop_also_beyond_pi_minus_margin():
    x, weight = vectors(), vectors(4, seed=1)
    x[0] = -weight[LABELS[0]] + 0.01 * x[0]  # nearly opposite to its class
    ours = arcface_loss(x, weight, LABELS, logit_scale=11.0, margin=0.5).item()
    assert ours == pytest.approx(slow.arcface(x, weight, LABELS, 11.0, 0.5), abs=1e-9)


def test_arcface_grows_with_the_angle_all_the_way():
    angles = torch.linspace(0.01, math.pi - 0.01, 200, dtype=torch.float64)
    weight = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    losses = [
        arcface_loss(torch.stack([a.cos(), a.sin(), a * 0])[None], weight, torch.tensor([0]), margin=0.5).item()
        for a in angles
    ]
    assert all(b > a for a, b in itertools.pairwise(losses))


def test_arcface_without_margin_is_the_scaled_cosine_softmax():
    x, weight = vectors(), vectors(4, seed=1)
    cosine = torch.nn.functional.normalize(x, dim=1) @ torch.nn.functional.normalize(weight, dim=1).t()
    expected = cross_entropy_loss(16 * cosine, LABELS, label_smoothing=0.0)
    torch.testing.assert_close(arcface_loss(x, weight, LABELS, margin=0.0), expected)


def test_arcface_on_its_own_class_row_has_a_finite_gradient():
    x = torch.eye(3).requires_grad_()
    arcface_loss(x, torch.eye(3), torch.tensor([0, 1, 2])).backward()
    assert torch.isfinite(x.grad).all()


def test_gradients():
    x, weight = vectors().requires_grad_(), vectors(4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: triplet_loss(x, IDS, margin=0.9), (x,))
    assert torch.autograd.gradcheck(lambda x, w: arcface_loss(x, w, LABELS), (x, weight))
    assert torch.autograd.gradcheck(lambda x: cross_entropy_loss(x, LABELS), (x,))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_equals_the_loop_and_smooths_by_its_share(smoothing):
    logits, labels = vectors(3, 4), torch.tensor([3, 0, 3])
    ours = cross_entropy_loss(logits, labels, label_smoothing=smoothing).item()
    assert ours == pytest.approx(slow.cross_entropy(logits, labels, smoothing), abs=1e-12)


def test_a_classifier_of_one_class_costs_nothing():
    x, same = vectors(), LABELS * 0
    assert arcface_loss(x, vectors(1), same).item() == cross_entropy_loss(x[:, :1], same).item() == 0


def test_empty_batches_are_zero():
    none = torch.empty(0, dtype=torch.long)
    logits, weight = torch.empty(0, 4, requires_grad=True), vectors(4).requires_grad_()
    assert cross_entropy_loss(logits, none).item() == 0
    loss = arcface_loss(vectors(0), weight, none)
    loss.backward()
    assert loss.item() == 0 and weight.grad.norm() == 0


def test_half_precision_under_autocast_is_computed_in_float32():
    x, weight = vectors(dtype=torch.bfloat16), vectors(4, seed=1, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = arcface_loss(x, weight, LABELS), triplet_loss(x, IDS), cross_entropy_loss(x, LABELS)
    x, weight = x.float(), weight.float()
    exact = arcface_loss(x, weight, LABELS), triplet_loss(x, IDS), cross_entropy_loss(x, LABELS)
    for loss, wanted in zip(losses, exact):
        assert loss.dtype == torch.float32
        torch.testing.assert_close(loss, wanted, rtol=0, atol=0)


def test_bad_input_is_named():
    x, weight = vectors(), vectors(4)
    with pytest.raises(ValueError, match=r"0\.\.3.*got 1\.\.4"):
        arcface_loss(x, weight, torch.tensor([4] + [1] * 10))
    with pytest.raises(ValueError, match="margin is an angle"):
        arcface_loss(x, weight, LABELS, margin=2.0)
    with pytest.raises(ValueError, match="scale must be positive"):
        arcface_loss(x, weight, LABELS, logit_scale=0.0)
    with pytest.raises(ValueError, match="weight has 5 dimensions, expected 6"):
        arcface_loss(x, vectors(4, 5), LABELS)
    with pytest.raises(ValueError, match=r"ids must be integers \[11\]"):
        triplet_loss(x, IDS[:5])
    with pytest.raises(ValueError, match="labels must lie"):
        cross_entropy_loss(x, LABELS + 5)
