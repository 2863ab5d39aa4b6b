import pytest
import reference_losses as slow
import torch
import torch.nn.functional as F
from reference_losses import vectors

from rbcl_lite.losses.invariance import invariance_loss
from rbcl_lite.memory import ClusterMemory, ExemplarMemory

REPEATED = torch.tensor([3, 0, 3, 7, 0, 3, 5])


def filled(size=9):
    memory = ExemplarMemory(size, 6).double()
    memory.update(F.normalize(vectors(size), dim=1), torch.arange(size), momentum=0.0)
    return memory


@pytest.mark.parametrize("momentum", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("index", [REPEATED, torch.tensor([8, 1, 4, 0, 2, 7, 3]), torch.full((7,), 2)])
def test_update_equals_one_row_after_the_other(index, momentum):
    memory, features = filled(), F.normalize(vectors(7, seed=1), dim=1)
    expected = slow.written(memory.keys, features, index, momentum)
    memory.update(features, index, momentum)
    torch.testing.assert_close(memory.keys, expected)


def test_a_repeated_image_is_written_in_batch_order():
    features = torch.eye(2)
    forward, backward = ExemplarMemory(1, 2), ExemplarMemory(1, 2)
    forward.update(features, torch.tensor([0, 0]), momentum=0.3)
    backward.update(features.flip(0), torch.tensor([0, 0]), momentum=0.3)
    torch.testing.assert_close(forward.keys, F.normalize(torch.tensor([[0.3, 0.7]]), dim=1))
    torch.testing.assert_close(backward.keys, F.normalize(torch.tensor([[0.7, 0.3]]), dim=1))


def test_a_feature_is_written_with_its_length():
    """Trap: after dropout a feature is sqrt 2 long and weighs that much more; it must not be normalised before."""
    memory, features = filled(), 3 * vectors(7, seed=1)
    expected = slow.written(memory.keys, features, REPEATED, 0.3)
    memory.update(features, REPEATED, momentum=0.3)
    torch.testing.assert_close(memory.keys, expected)


def test_momentum_is_the_weight_of_the_old_value():
    memory = ExemplarMemory(1, 2)
    memory.update(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), momentum=0.0)
    memory.update(torch.tensor([[0.0, 1.0]]), torch.tensor([0]), momentum=0.9)
    assert memory.keys[0, 0] > 0.99


def test_logits_are_products_over_temperature_and_pass_no_gradient_to_the_keys():
    memory, features = filled(), (2 * vectors(4, seed=1)).requires_grad_()
    logits = memory.logits(features)
    torch.testing.assert_close(logits, features @ memory.keys.t() / 0.05)  # the length of a feature counts
    invariance_loss(logits, torch.tensor([0, 1, 2, 2]), k=3).backward()
    assert features.grad.norm() > 0 and not memory.keys.requires_grad and not list(memory.parameters())
    assert torch.autograd.gradcheck(memory.logits, (features,))


def test_writing_before_the_backward_pass_is_an_error_not_a_wrong_gradient():
    memory, features = filled(), vectors(2, seed=1).requires_grad_()
    loss = memory.logits(features).logsumexp(1).sum()
    memory.update(features, torch.tensor([0, 1]), momentum=0.5)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_starts_at_zero_and_stays_finite():
    memory = ExemplarMemory(4, 3)
    assert not memory.keys.any()
    memory.update(torch.zeros(1, 3), torch.tensor([1]), momentum=0.0)
    assert torch.isfinite(memory.keys).all()


def test_saved_and_loaded():
    memory, other = filled(), ExemplarMemory(9, 6).double()
    other.load_state_dict(memory.state_dict())
    assert torch.equal(other.keys, memory.keys) and list(memory.state_dict()) == ["keys"]


def test_empty_batch_and_bf16():
    memory = filled().float()
    before = memory.keys.clone()
    memory.update(torch.empty(0, 6), torch.empty(0, dtype=torch.long), momentum=0.1)
    assert torch.equal(memory.keys, before) and memory.logits(torch.empty(0, 6)).shape == (0, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = memory.logits(vectors(3, dtype=torch.bfloat16))
        memory.update(vectors(3, dtype=torch.bfloat16), torch.tensor([0, 0, 1]), momentum=0.1)
    assert logits.dtype == memory.keys.dtype == torch.float32 and torch.isfinite(memory.keys).all()
    torch.testing.assert_close(memory.keys.norm(dim=1), torch.ones(9))


def test_cluster_memory_equals_the_loop():
    centres, features = vectors(5), F.normalize(vectors(8, seed=1), dim=1)
    labels = torch.tensor([4, 0, 0, 2, 4, 4, 0, 1])
    memory = ClusterMemory(centres).double()
    start = F.normalize(centres.float(), dim=1).double()
    torch.testing.assert_close(memory.keys, start)
    expected = F.cross_entropy(features @ start.t() / 0.05, labels)
    torch.testing.assert_close(F.cross_entropy(memory.logits(features), labels), expected)
    memory.update(features, labels)
    torch.testing.assert_close(memory.keys, slow.written(start, features, labels, 0.1))


def test_bad_input_is_named():
    memory = filled()
    with pytest.raises(ValueError, match=r"index must lie in 0\.\.8, got 9\.\.9"):
        memory.update(vectors(1), torch.tensor([9]), momentum=0.1)
    with pytest.raises(ValueError, match=r"momentum is the weight of the old value, between 0 and 1, got 1\.5"):
        memory.update(vectors(1), torch.tensor([0]), momentum=1.5)
    with pytest.raises(ValueError, match="features has 5 dimensions, expected 6"):
        memory.logits(vectors(2, 5))
    with pytest.raises(ValueError, match="size and dim must be positive, got 0 and 6"):
        ExemplarMemory(0, 6)
    with pytest.raises(ValueError, match="temperature must be positive"):
        ExemplarMemory(3, 6, temperature=0)
    with pytest.raises(ValueError, match="momentum is the weight of the old value"):
        ClusterMemory(vectors(2), momentum=-0.1)
