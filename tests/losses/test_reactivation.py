from __future__ import annotations

import math

import pytest
import torch
from reference_smooth_ap import (
    Constants,
    cosines,
    hardest_constants,
    pair_constants,
    saturated_share,
    smooth_ap,
)
from torch import Tensor

from rbcl_lite.losses.ranking import saturation, smooth_ap_loss
from rbcl_lite.losses.reactivation import Reactivation

SLOW = {"hardest": hardest_constants, "pair": pair_constants}


def problem(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """7 queries and 17 references of 4 people, some already well ranked; query 3 has no positive."""
    g = torch.Generator().manual_seed(seed)
    reference_ids = torch.repeat_interleave(torch.arange(4), torch.tensor([5, 2, 7, 3]))
    reference_ids = reference_ids[torch.randperm(17, generator=g)]
    query_ids = torch.tensor([2, 0, 1, 50, 3, 0, 2])
    centres = torch.randn(51, 6, generator=g, dtype=torch.float64)
    query = 1.5 * centres[query_ids] + torch.randn(7, 6, generator=g, dtype=torch.float64)
    reference = 1.5 * centres[reference_ids] + torch.randn(17, 6, generator=g, dtype=torch.float64)
    ignore = torch.rand(7, 17, generator=g) < 0.2
    return query, reference, query_ids, reference_ids, ignore


@pytest.mark.parametrize("kind", ["hardest", "pair"])
@pytest.mark.parametrize("margin", [0.0, -0.02, 0.03])
@pytest.mark.parametrize("cap", [None, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_formulas(kind: str, margin: float, cap: float | None, seed: int) -> None:
    query, reference, qi, ri, ignore = problem(seed)
    query.requires_grad_(), reference.requires_grad_()
    constants: Constants = SLOW[kind](margin, math.inf if cap is None else cap)
    ours = smooth_ap_loss(query, reference, qi, ri, ignore=ignore, reactivation=Reactivation(kind, margin, cap))
    slow = smooth_ap(cosines(query, reference), qi, ri, 0.01, ignore, constants)
    assert abs(ours.item() - slow.item()) < 1e-9
    for a, b in zip(torch.autograd.grad(ours, [query, reference]), torch.autograd.grad(slow, [query, reference])):
        torch.testing.assert_close(a, b, atol=1e-9, rtol=1e-9)
    share = saturation(query, reference, qi, ri, ignore=ignore, reactivation=Reactivation(kind, margin, cap))
    assert share == pytest.approx(saturated_share(cosines(query, reference), qi, ri, 0.01, ignore, constants))


# one query, a positive at 0.8 and negatives at 0.7, 0.6 and 0.3, temperature 0.01: loss, then minus the gradient on the
# positive and the gradient on each negative
TABLE: list[tuple[Reactivation | None, float, list[float]]] = [
    (None, 0.0000, [-4.5e-3, 4.5e-3, 2.1e-7, 1.9e-20]),
    (Reactivation(), 0.333, [-11.1, 11.1, 2.0e-3, 1.9e-16]),
    (Reactivation(margin=-0.02), 0.107, [-8.4, 8.4, 4.9e-4, 4.6e-17]),
    (Reactivation("pair"), 0.600, [-12.0, 4.0, 4.0, 4.0]),
]


@pytest.mark.parametrize(("reactivation", "loss", "gradient"), TABLE)
def test_the_worked_example(reactivation: Reactivation | None, loss: float, gradient: list[float]) -> None:
    """The query is the first axis and every reference has one more of its own, so s_j moves with coordinate 0."""
    s = torch.tensor([0.8, 0.7, 0.6, 0.3], dtype=torch.float64)
    query = torch.eye(5, dtype=torch.float64)[:1]
    reference = torch.cat([s[:, None], torch.diag((1 - s**2).sqrt())], dim=1).requires_grad_()
    value = smooth_ap_loss(query, reference, torch.tensor([0]), torch.tensor([0, 1, 2, 3]), reactivation=reactivation)
    assert value.item() == pytest.approx(loss, abs=5.1e-4)
    value.backward()
    assert reference.grad is not None
    # a step of a unit vector's first coordinate moves the cosine by 1 - s^2 after normalisation
    on_similarity = reference.grad[:, 0] / (1 - s**2)
    for ours, expected in zip(on_similarity.tolist(), gradient):
        assert ours == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("gap", [0.05, 0.2, 0.6])
def test_the_hardest_negative_is_pulled_alike_at_any_gap(gap: float) -> None:
    """1 / (1 + 1/2)^2 / (4 tau) = 11.1. Trap: a constant that is no constant for autograd cancels this gradient."""
    s = torch.tensor([0.8, 0.8 - gap], dtype=torch.float64)
    query = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    reference = torch.cat([s[:, None], torch.diag((1 - s**2).sqrt())], dim=1).requires_grad_()
    for kind in ("hardest", "pair"):
        loss = smooth_ap_loss(
            query, reference, torch.tensor([0]), torch.tensor([0, 1]), reactivation=Reactivation(kind)
        )
        gradient = torch.autograd.grad(loss, reference)[0][:, 0] / (1 - s**2)
        assert gradient.tolist() == pytest.approx([-100 / 9, 100 / 9])


def test_hardest_is_off_while_a_negative_is_ahead() -> None:
    query = torch.tensor([[1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([[0.9, 0.4], [0.95, 0.3], [0.3, 0.9]], dtype=torch.float64)
    ids = torch.tensor([0]), torch.tensor([0, 1, 2])
    plain = smooth_ap_loss(query, reference, *ids)
    active = smooth_ap_loss(query, reference, *ids, reactivation=Reactivation())
    assert plain.item() == active.item()
    assert torch.equal(torch.autograd.grad(plain, query)[0], torch.autograd.grad(active, query)[0])


def test_cap_switches_off_at_a_wide_gap() -> None:
    query = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    reference = torch.tensor([[0.8, 0.6], [0.6, 0.8]], dtype=torch.float64)
    ids = torch.tensor([0]), torch.tensor([0, 1])
    for kind in ("hardest", "pair"):
        off, on = (smooth_ap_loss(query, reference, *ids, reactivation=Reactivation(kind, cap=c)) for c in (0.19, 0.21))
        assert off.item() < 1e-8
        assert on.item() == pytest.approx(1 / 3)


def test_reactivation_revives_a_perfect_ranking() -> None:
    """Every negative is far behind: all pairs are saturated, and each kind brings every one of them back."""
    g = torch.Generator().manual_seed(0)
    query_ids, reference_ids = torch.tensor([0, 2, 1, 2, 0]), torch.tensor([1, 0, 2, 2, 0, 0, 2])
    axes = torch.eye(6, dtype=torch.float64)
    query = axes[query_ids] + 0.1 * torch.randn(5, 6, generator=g, dtype=torch.float64)
    reference = axes[reference_ids] + 0.1 * torch.randn(7, 6, generator=g, dtype=torch.float64)
    assert saturation(query, reference, query_ids, reference_ids) == 1.0
    for kind in ("hardest", "pair"):
        assert saturation(query, reference, query_ids, reference_ids, reactivation=Reactivation(kind)) == 0.0


@pytest.mark.parametrize("kind", ["hardest", "pair"])
def test_one_person_only(kind: str) -> None:
    query, reference, _, _, _ = problem()
    query.requires_grad_()
    loss = smooth_ap_loss(
        query,
        reference,
        torch.zeros(7, dtype=torch.long),
        torch.zeros(17, dtype=torch.long),
        reactivation=Reactivation(kind),
    )
    assert loss.item() == 0 and bool((torch.autograd.grad(loss, query)[0] == 0).all())


@pytest.mark.parametrize("kind", ["hardest", "pair"])
def test_some_queries_without_negative(kind: str) -> None:
    query, reference, qi, ri, _ = problem()
    ignore = torch.zeros(7, 17, dtype=torch.bool)
    ignore[0] = ri != qi[0]
    query.requires_grad_()
    loss = smooth_ap_loss(query, reference, qi, ri, ignore=ignore, reactivation=Reactivation(kind))
    gradient = torch.autograd.grad(loss, query)[0]
    assert loss.isfinite() and bool(gradient.isfinite().all()) and bool((gradient[0] == 0).all())


def test_constants() -> None:
    difference = torch.tensor([[0.1, -0.5], [-0.2, -torch.inf], [-torch.inf, -torch.inf]], requires_grad=True)
    assert Reactivation().constants(difference).tolist() == [[0.0], [pytest.approx(0.2)], [0.0]]
    assert Reactivation("pair").constants(difference).tolist() == [[0.0, 0.5], [pytest.approx(0.2), 0.0], [0.0, 0.0]]
    assert Reactivation(cap=0.2).constants(torch.tensor([[-0.1], [-0.25]])).tolist() == [[pytest.approx(0.1)], [0.0]]
    assert not Reactivation().constants(difference).requires_grad
    assert Reactivation("pair").constants(torch.empty(3, 0)).shape == (3, 0)


def test_bf16() -> None:
    query, reference, qi, ri, _ = problem()
    new = query.bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = smooth_ap_loss(new, reference.bfloat16(), qi, ri, reactivation=Reactivation("pair", -0.02, cap=0.5))
    loss.backward()
    assert loss.dtype == torch.float32 and new.grad is not None and bool(new.grad.isfinite().all())


def test_bad_settings_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"kind must be one of .* got 'soft'"):
        Reactivation("soft")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="margin must be a finite"):
        Reactivation(margin=math.nan)
    for cap in (0.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="cap must be a gap above 0"):
            Reactivation(cap=cap)
