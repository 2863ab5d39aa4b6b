"""Average precision of one list, against a loop over its ranks."""

import itertools

import pytest
import torch

from rbcl_lite.losses.list_ap import list_ap


def slow(scores, positive):
    """Precision at each positive's rank; no two scores are equal."""
    ranked = [p for _, p in sorted(zip(scores, positive), key=lambda pair: -pair[0])]
    return sum(sum(ranked[: i + 1]) / (i + 1) for i, p in enumerate(ranked) if p) / sum(ranked)


@pytest.mark.parametrize("positives", [1, 2, 3])
def test_every_order_of_five(positives):
    marks = [i < positives for i in range(5)]
    for order in itertools.permutations((0.1, 0.3, 0.5, 0.7, 0.9)):
        found = list_ap(torch.tensor(order, dtype=torch.float64), torch.tensor(marks))
        assert found.item() == pytest.approx(slow(order, marks), abs=1e-12)


def test_ties_stand_before_and_a_low_temperature_is_exact():
    positive = torch.tensor([True, False, False])
    assert list_ap(torch.tensor([0.5, 0.5, 0.1]), positive).item() == pytest.approx(1 / 2)
    scores = torch.tensor([0.4, 0.9, 0.1, 0.6], dtype=torch.float64)
    positive = torch.tensor([True, False, True, True])
    assert list_ap(scores, positive, 1e-4).item() == pytest.approx(list_ap(scores, positive).item(), abs=1e-9)
    assert list_ap(scores, positive, 0.2).item() != pytest.approx(list_ap(scores, positive).item(), abs=1e-2)


def test_many_lists_at_once_and_a_gradient():
    r = torch.Generator().manual_seed(0)
    scores = torch.rand(2, 3, 6, generator=r, dtype=torch.float64).requires_grad_()
    positive = torch.tensor([True, False, False, True, False, True])
    many = list_ap(scores, positive, 0.1)
    assert many.shape == (2, 3)
    for i, j in itertools.product(range(2), range(3)):
        torch.testing.assert_close(many[i, j], list_ap(scores[i, j], positive, 0.1))
    assert torch.autograd.gradcheck(lambda s: list_ap(s, positive, 0.1), (scores,))
