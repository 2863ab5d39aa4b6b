import pytest
import reference_losses as slow
import torch
from reference_losses import IDS, vectors

from rbcl_lite.losses.hot_refresh import hot_refresh_loss


@pytest.mark.parametrize("hardest", [1, 4, 10, None])
def test_equals_the_loop(hardest):
    new, old = vectors(), vectors(seed=1)
    ours = hot_refresh_loss(new, old, IDS, temperature=0.3, hardest=hardest).item()
    assert ours == pytest.approx(slow.hot_refresh(new, old, IDS, 0.3, hardest), abs=1e-12)


def test_gradient_reaches_both_sides_of_a_new_new_pair():
    """A copy gathered without gradient gives the same value and another gradient."""
    new, old = vectors().requires_grad_(), vectors(seed=1)
    assert torch.autograd.gradcheck(lambda x: hot_refresh_loss(x, old, IDS, temperature=0.5), (new,))

    n, o = (x / x.norm(dim=1, keepdim=True) for x in (new, old))
    same = IDS[:, None] == IDS[None, :]
    scores = [(n @ o.t() / 0.5).diagonal()[:, None]]
    scores += [(n @ side.t() / 0.5).masked_fill(same, -torch.inf) for side in (o, n.detach())]
    one_sided = -torch.cat(scores, dim=1).log_softmax(dim=1)[:, 0].mean()
    both_sided = hot_refresh_loss(new, old, IDS, temperature=0.5, hardest=None)
    torch.testing.assert_close(one_sided, both_sided)
    difference = torch.autograd.grad(both_sided, new)[0] - torch.autograd.grad(one_sided, new)[0]
    assert (difference.norm(dim=1) > 1e-3).all()


def test_no_gradient_reaches_the_old_side():
    new, old = vectors().requires_grad_(), vectors(seed=1).requires_grad_()
    hot_refresh_loss(new, old, IDS).backward()
    assert old.grad is None and (new.grad.norm(dim=1) > 0).all()


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_one_class_or_nothing_is_a_zero_with_a_graph(rows):
    new = vectors(rows).requires_grad_()
    loss = hot_refresh_loss(new, vectors(rows, seed=1), torch.full((rows,), 3))
    loss.backward()
    assert loss.item() == 0 and new.grad.norm() == 0


def test_bf16_autocast():
    new, old = vectors(dtype=torch.bfloat16), vectors(seed=1, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = hot_refresh_loss(new, old, IDS, temperature=0.01)
    torch.testing.assert_close(loss, hot_refresh_loss(new.float(), old.float(), IDS, temperature=0.01))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="11 rows and old has 10"):
        hot_refresh_loss(vectors(), vectors(10), IDS)
    with pytest.raises(ValueError, match="temperature must be positive"):
        hot_refresh_loss(vectors(), vectors(), IDS, temperature=-1)
    with pytest.raises(ValueError, match="hardest is a number of negatives"):
        hot_refresh_loss(vectors(), vectors(), IDS, hardest=0)
    with pytest.raises(ValueError, match="fit_dimension"):
        hot_refresh_loss(vectors(), vectors(dim=5), IDS)
