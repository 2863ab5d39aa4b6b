import math

import pytest
import reference_losses as slow
import torch
from reference_losses import IDS, vectors

from rbcl_lite.losses.contrastive import contrastive_loss
from rbcl_lite.losses.nccl import confident_samples, nccl_class_loss, nccl_loss

QUERY_IDS = torch.tensor([7, 5, 3, 2, 9])  # nobody in the bank has identity 3
NEW, OLD, BANK = vectors(5, seed=1), vectors(5, seed=2), vectors()


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def test_equals_the_loop():
    ours = nccl_loss(NEW, BANK, QUERY_IDS, IDS, OLD, temperature=0.2).item()
    assert ours == pytest.approx(slow.nccl(NEW, BANK, QUERY_IDS, IDS, OLD, BANK, 0.2), abs=1e-12)


def test_with_equal_old_vectors_it_is_the_contrastive_loss():
    """All weights are 1 where the old vectors of a person are one vector."""
    people = {5: 0, 2: 1, 7: 2, 9: 3, 3: 4}
    table = vectors(5, seed=4)
    bank = table[[people[int(i)] for i in IDS]]
    old = table[[people[int(i)] for i in QUERY_IDS]]
    torch.testing.assert_close(nccl_loss(NEW, bank, QUERY_IDS, IDS, old), contrastive_loss(NEW, bank, QUERY_IDS, IDS))


def test_class_level_equals_the_loop_on_class_scores():
    weight = vectors(4, seed=3)
    new, bank = unit(NEW) @ unit(weight).t(), unit(BANK) @ unit(weight).t()
    ours = nccl_class_loss(NEW, BANK, QUERY_IDS, IDS, OLD, weight, temperature=0.2).item()
    assert ours == pytest.approx(slow.nccl(new, bank, QUERY_IDS, IDS, OLD, BANK, 0.2), abs=1e-12)


def test_the_class_level_trains_the_vectors_and_the_classifier():
    new, weight = NEW.clone().requires_grad_(), vectors(4, seed=3).requires_grad_()
    old, bank = OLD.clone().requires_grad_(), BANK.clone().requires_grad_()
    nccl_class_loss(new, bank, QUERY_IDS, IDS, old, weight).backward()
    assert new.grad.norm() > 0 and (weight.grad.norm(dim=1) > 0).all()
    assert new.grad[2].norm() == 0 and old.grad is None and bank.grad is None


def test_the_default_temperature_is_not_flat():
    """Trap: at temperature 1 a perfect match among 200 people still costs nearly log 200."""
    bank, ids = torch.eye(200), torch.arange(200)
    perfect = nccl_loss(bank, bank, ids, ids, bank).item()
    flat = nccl_loss(bank, bank, ids, ids, bank, temperature=1.0).item()
    assert perfect < 1e-3 and flat > math.log(200) - 1.1


def test_class_level_gradient_is_that_of_the_new_side():
    """Trap: scores that are gathered without a gradient train nothing. The bank's scores are the teacher's."""
    weight = vectors(4, seed=3).requires_grad_()
    ours = torch.autograd.grad(nccl_class_loss(NEW, BANK, QUERY_IDS, IDS, OLD, weight, temperature=0.3), weight)[0]
    teacher = unit(unit(BANK) @ unit(weight).t()).detach()
    log_p = (unit(unit(NEW) @ unit(weight).t()) @ teacher.t() / 0.3).log_softmax(1)
    weights = (1 + unit(OLD) @ unit(BANK).t()) / 2
    terms = []
    for i, person in enumerate(QUERY_IDS):
        positives = [j for j in range(11) if IDS[j] == person]
        if positives:
            terms.append(-sum(weights[i, j] * log_p[i, j] for j in positives) / len(positives))
    torch.testing.assert_close(ours, torch.autograd.grad(sum(terms) / len(terms), weight)[0])


def test_gradients():
    new = NEW.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: nccl_loss(x, BANK, QUERY_IDS, IDS, OLD, temperature=0.3), (new,))
    assert torch.autograd.gradcheck(
        lambda x: nccl_class_loss(x, BANK, QUERY_IDS, IDS, OLD, vectors(4, seed=3), temperature=0.3), (new,)
    )


@pytest.mark.parametrize(("rows", "bank"), [(0, 3), (3, 0), (3, 3)])
def test_no_positive_is_a_zero_with_a_graph(rows, bank):
    new, weight = vectors(rows).requires_grad_(), vectors(4).requires_grad_()
    arguments = (new, vectors(bank), torch.arange(rows), torch.arange(bank) + 9, vectors(rows))
    loss = nccl_loss(*arguments) + nccl_class_loss(*arguments, weight)
    loss.backward()
    assert loss.item() == 0 and new.grad.norm() == 0 and weight.grad.norm() == 0


def test_one_class_and_bf16():
    same = torch.zeros(11, dtype=torch.long)
    ours = nccl_loss(NEW, BANK, same[:5], same, OLD).item()
    assert ours == pytest.approx(slow.nccl(NEW, BANK, same[:5], same, OLD, BANK, 0.05), abs=1e-10)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nccl_loss(NEW.bfloat16(), BANK.bfloat16(), QUERY_IDS, IDS, OLD.bfloat16())
        on_classes = nccl_class_loss(NEW.bfloat16(), BANK.bfloat16(), QUERY_IDS, IDS, OLD.bfloat16(), NEW.bfloat16())
    assert loss.dtype == torch.float32 and torch.isfinite(loss) and torch.isfinite(on_classes)


def test_confidence_is_an_entropy_over_classes():
    """A softmax over one column has entropy 0, and everything would pass."""
    logits = 4 * vectors(50, 7, seed=5)
    ours = confident_samples(logits, share=0.5)
    for row, kept in zip(logits.softmax(1).tolist(), ours.tolist()):
        assert kept == (-sum(p * math.log(p) for p in row) <= 0.5 * math.log(7))
    assert 0 < ours.sum() < 50
    assert not confident_samples(torch.zeros(3, 4)).any() and confident_samples(torch.zeros(3, 1)).all()
    assert confident_samples(torch.zeros(0, 4)).shape == (0,)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="5 rows and old has 4"):
        nccl_loss(NEW, BANK, QUERY_IDS, IDS, OLD[:4])
    with pytest.raises(ValueError, match="temperature must be positive"):
        nccl_loss(NEW, BANK, QUERY_IDS, IDS, OLD, temperature=0)
    with pytest.raises(ValueError, match="weight has 5 dimensions, expected 6"):
        nccl_class_loss(NEW, BANK, QUERY_IDS, IDS, OLD, vectors(4, 5))
    with pytest.raises(ValueError, match=r"share must lie between 0 and 1, got 1\.5"):
        confident_samples(torch.zeros(2, 3), share=1.5)
