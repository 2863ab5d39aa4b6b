import math

import pytest
import reference_losses as slow
import torch
import torch.nn.functional as F
from reference_losses import vectors

from rbcl_lite.losses.invariance import invariance_loss, neighbour_purity

LOGITS = 4 * vectors(5, 13)
INDEX = torch.tensor([12, 0, 7, 7, 3])


@pytest.mark.parametrize("neighbours", [True, False])
@pytest.mark.parametrize("k", [1, 6, 13])
def test_equals_the_loop(k, neighbours):
    ours = invariance_loss(LOGITS, INDEX, k=k, neighbours=neighbours).item()
    assert ours == pytest.approx(slow.invariance(LOGITS, INDEX, k, neighbours), abs=1e-12)


def test_exemplars_alone_are_a_cross_entropy():
    torch.testing.assert_close(invariance_loss(LOGITS, INDEX, neighbours=False), F.cross_entropy(LOGITS, INDEX))


def test_the_target_is_not_normalised():
    """Own image inside the k nearest: mass 1 + (k-1)/k; outside: 2. Read off the gradient's total pull."""
    for own, mass in ((0, 1 + 5 / 6), (12, 2.0)):
        logits = torch.arange(13, 0, -1, dtype=torch.float64)[None].requires_grad_()
        invariance_loss(logits, torch.tensor([own])).backward()
        pull = mass * logits.softmax(1) - logits.grad
        assert pull.sum().item() == pytest.approx(mass)
        assert pull[0, own].item() == pytest.approx(1.0)
        assert pull[0, 1].item() == pytest.approx(1 / 6)


def test_an_empty_memory_costs_log_n_and_teaches_nothing():
    features, keys = vectors(5).requires_grad_(), torch.zeros(13, 6, dtype=torch.float64)
    loss = invariance_loss(features @ keys.t() / 0.05, INDEX, neighbours=False)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(13)) and features.grad.norm() == 0


def test_gradient_and_empty_batch_and_bf16():
    logits = LOGITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: invariance_loss(x, INDEX), (logits,))
    empty = torch.empty(0, 13, requires_grad=True)
    loss = invariance_loss(empty, torch.empty(0, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = invariance_loss(LOGITS.bfloat16(), INDEX)
    torch.testing.assert_close(loss, invariance_loss(LOGITS.bfloat16().float(), INDEX))


def test_one_image_in_the_memory():
    assert invariance_loss(torch.ones(2, 1), torch.zeros(2, dtype=torch.long), k=1).item() == 0


def test_purity_counts_other_images_only():
    ids = torch.tensor([4, 4, 8, 8, 4])
    logits = torch.tensor([[9.0, 8, 7, 0, 1], [9.0, 0, 8, 1, 7], [0.0, 3, 2, 1, 9]])
    # k=2: image 0 -> {0, 1}, of which 1 is right; image 3 -> {0, 2}, of which 2 is right; image 4 -> {4, 1}, right.
    assert neighbour_purity(logits, torch.tensor([0, 3, 4]), ids, k=2) == pytest.approx(3 / 4)
    assert math.isnan(neighbour_purity(logits[:1], torch.tensor([0]), ids, k=1))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="neighbours among 13 images, at least 1, got 14"):
        invariance_loss(LOGITS, INDEX, k=14)
    assert torch.isfinite(invariance_loss(LOGITS, INDEX, k=14, neighbours=False))
    with pytest.raises(ValueError, match=r"index must lie in 0\.\.12"):
        invariance_loss(LOGITS, INDEX + 1)
    with pytest.raises(ValueError, match=r"index must be integers \[5\]"):
        invariance_loss(LOGITS, INDEX[:4])
    with pytest.raises(ValueError, match=r"ids must be integers \[13\]"):
        neighbour_purity(LOGITS, INDEX, INDEX)
