import math

import pytest
import reference_losses as slow
import torch
from reference_losses import vectors
from torch import nn

from rbcl_lite.losses.adversarial import ModelDiscriminator, adversarial_loss, reversal_strength, reverse_gradient


def linear(dim=6):
    torch.manual_seed(0)
    return nn.Linear(dim, 2).double()


def test_reversal_keeps_the_value_and_turns_the_gradient():
    x = vectors().requires_grad_()
    y = reverse_gradient(x, 0.3)
    assert torch.equal(y, x)
    (y * vectors(seed=1)).sum().backward()
    torch.testing.assert_close(x.grad, -0.3 * vectors(seed=1))


def test_strength_follows_the_schedule():
    assert reversal_strength(0) == 0
    assert reversal_strength(0.1) == pytest.approx(2 / (1 + math.exp(-1)) - 1)
    assert reversal_strength(1) > 0.9999


def test_loss_is_the_sum_of_both_sides():
    new, old, judge = vectors(), 3 * vectors(seed=1), linear()
    expected = slow.adversarial(new, old, judge.weight.detach(), judge.bias.detach())
    assert adversarial_loss(judge, new, old).item() == pytest.approx(expected, abs=1e-12)


def test_the_new_model_climbs_while_the_discriminator_descends():
    new, old, judge = vectors().requires_grad_(), vectors(seed=1).requires_grad_(), linear()
    before = adversarial_loss(judge, new, old)
    before.backward()
    assert old.grad is None
    with torch.no_grad():
        fooled = adversarial_loss(judge, new - 0.1 * new.grad, old)
        for p in judge.parameters():
            p -= 0.1 * p.grad
        sharper = adversarial_loss(judge, new, old)
    assert fooled > before > sharper


def test_strength_scales_the_new_side_only():
    gradients = []
    for strength in (1.0, 0.25, 0.0):
        new, judge = vectors().requires_grad_(), linear()
        adversarial_loss(judge, new, vectors(seed=1), strength=strength).backward()
        gradients.append((new.grad, judge.weight.grad))
    torch.testing.assert_close(gradients[1][0], 0.25 * gradients[0][0])
    assert gradients[2][0].norm() == 0
    torch.testing.assert_close(gradients[2][1], gradients[0][1])


def test_gradient_is_minus_the_numeric_one():
    judge, old = linear(), vectors(seed=1)
    new = vectors().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: adversarial_loss(judge, x, old, strength=-1.0), (new,))


def test_the_discriminator_sees_a_shift_between_the_models():
    """In two separate passes batch norm would remove the shift, and nothing could be learned."""
    torch.manual_seed(0)
    judge = ModelDiscriminator(6, hidden=20)
    optimiser = torch.optim.Adam(judge.parameters(), lr=0.05)
    shift = torch.tensor([3.0, 0, 0, 0, 0, 0])
    for step in range(30):
        noise = vectors(64, seed=step, dtype=torch.float32)
        loss = adversarial_loss(judge, noise[:32] + shift, noise[32:] - shift, strength=0.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.3


def test_empty_batch_single_image_and_bf16():
    judge = ModelDiscriminator(6)
    new = torch.empty(0, 6, requires_grad=True)
    adversarial_loss(judge, new, torch.empty(0, 6)).backward()
    assert torch.isfinite(adversarial_loss(judge, vectors(1, dtype=torch.float32), vectors(1, dtype=torch.float32)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = adversarial_loss(judge, vectors(dtype=torch.bfloat16), vectors(seed=1, dtype=torch.bfloat16))
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="11 rows and old has 10"):
        adversarial_loss(linear(), vectors(), vectors(10))
    with pytest.raises(ValueError, match="fit_dimension"):
        adversarial_loss(linear(), vectors(), vectors(dim=5))
