import pytest
import reference_losses as slow
import torch
from reference_losses import vectors

from rbcl_lite.losses.alignment import l2_loss


def test_equals_the_loop_and_ignores_length():
    new, old = vectors(), vectors(seed=1)
    assert l2_loss(new, old).item() == pytest.approx(slow.l2(new, old), abs=1e-12)
    assert l2_loss(3 * new, 0.1 * old).item() == pytest.approx(slow.l2(new, old), abs=1e-12)


def test_is_a_sum_over_coordinates_not_a_mean():
    assert l2_loss(torch.eye(2), -torch.eye(2)).item() == 4


def test_no_gradient_reaches_the_old_side():
    new, old = vectors().requires_grad_(), vectors(seed=1).requires_grad_()
    l2_loss(new, old).backward()
    assert new.grad.norm() > 0 and old.grad is None
    assert torch.autograd.gradcheck(lambda x: l2_loss(x, old), (new,))


def test_empty_batch_and_bf16():
    new = torch.empty(0, 4, requires_grad=True)
    l2_loss(new, torch.empty(0, 4)).backward()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = l2_loss(vectors(dtype=torch.bfloat16), vectors(seed=1, dtype=torch.bfloat16))
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_a_zero_vector_gives_no_nan():
    new = torch.zeros(2, 3, requires_grad=True)
    l2_loss(new, torch.ones(2, 3)).backward()
    assert torch.isfinite(new.grad).all()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="fit_dimension"):
        l2_loss(vectors(), vectors(dim=5))
    with pytest.raises(ValueError, match="11 rows and old has 10"):
        l2_loss(vectors(), vectors(10))
    with pytest.raises(ValueError, match="floating point"):
        l2_loss(IDS_AS_VECTORS, IDS_AS_VECTORS)


IDS_AS_VECTORS = torch.ones(3, 2, dtype=torch.long)
