from __future__ import annotations

import math

import pytest
import torch
from reference_smooth_ap import calibration, cosines, exact_ap_loss, supap
from torch import Tensor

from rbcl_lite.losses.ranking import smooth_ap_loss
from rbcl_lite.losses.supap import calibration_loss, supap_loss

pytestmark = pytest.mark.usefixtures("either_way")


def problem(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """8 queries, 19 references of 4 people with 2 to 8 references each; query 2 has no positive."""
    g = torch.Generator().manual_seed(seed)
    reference_ids = torch.repeat_interleave(torch.arange(4), torch.tensor([8, 2, 3, 6]))
    reference_ids = reference_ids[torch.randperm(19, generator=g)]
    query_ids = torch.tensor([3, 1, 9, 0, 2, 2, 0, 3])
    query = torch.randn(8, 5, generator=g, dtype=torch.float64)
    reference = torch.randn(19, 5, generator=g, dtype=torch.float64)
    return query, reference, query_ids, reference_ids, torch.rand(8, 19, generator=g) < 0.25


@pytest.mark.parametrize("setting", [{}, {"delta": 0.3}, {"rho": 2.0, "delta": 0.0}, {"tau": 0.1}])
@pytest.mark.parametrize("ignored", [False, True])
def test_supap_equals_the_loops(setting: dict[str, float], ignored: bool) -> None:
    query, reference, qi, ri, ignore = problem()
    mask = ignore if ignored else None
    query.requires_grad_(), reference.requires_grad_()
    ours = supap_loss(
        query, reference, qi, ri, ignore=mask, **{"temperature" if k == "tau" else k: v for k, v in setting.items()}
    )
    slow = supap(cosines(query, reference), qi, ri, ignore=mask, **setting)
    assert ours.item() == pytest.approx(slow.item(), abs=1e-12)
    for a, b in zip(torch.autograd.grad(ours, [query, reference]), torch.autograd.grad(slow, [query, reference])):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-9)


def test_supap_gradcheck() -> None:
    query, reference, qi, ri, ignore = problem()
    # the step is only piecewise smooth; no difference of these inputs is within reach of a break
    assert torch.autograd.gradcheck(
        lambda q, r: supap_loss(q, r, qi, ri, temperature=0.05, delta=0.1, ignore=ignore),
        (query.requires_grad_(), reference.requires_grad_()),
    )


@pytest.mark.parametrize("seed", range(5))
def test_supap_bounds_average_precision_from_above(seed: int) -> None:
    query, reference, qi, ri, ignore = problem(seed)
    exact = exact_ap_loss(cosines(query, reference), qi, ri, ignore)
    assert supap_loss(query, reference, qi, ri, ignore=ignore).item() >= exact


def gap_problem(gap: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One positive at cosine 0.5 and one negative ahead of it by ``gap``."""
    s = torch.tensor([0.5, 0.5 + gap], dtype=torch.float64)
    return (
        torch.tensor([[1.0, 0.0]], dtype=torch.float64, requires_grad=True),
        torch.stack([s, (1 - s**2).sqrt()], dim=1),
        torch.tensor([0]),
        torch.tensor([0, 1]),
    )


@pytest.mark.parametrize("gap", [0.05 - 1e-9, 0.05 + 1e-9])
def test_offset_of_the_formula_has_no_jump_at_delta(gap: float) -> None:
    """b = 1.4933 from both sides; 1.44 as in a published configuration would jump."""
    b = 1 / (1 + math.exp(-5)) + 0.5
    assert supap_loss(*gap_problem(gap)).item() == pytest.approx(b / (1 + b), abs=1e-7)


def test_supap_keeps_the_gradient_where_smooth_ap_loses_it() -> None:
    query, *rest = gap_problem(0.4)
    lost = torch.autograd.grad(smooth_ap_loss(query, *rest), query)[0].abs().max()
    kept = torch.autograd.grad(supap_loss(query, *rest), query)[0].abs().max()
    assert lost < 1e-12 < 1e-3 < kept


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("margins", [(0.9, 0.6), (0.4, -0.1)])
def test_calibration_equals_the_loops(margins: tuple[float, float], ignored: bool) -> None:
    query, reference, qi, ri, ignore = problem()
    mask = ignore if ignored else None
    query.requires_grad_()
    high, low = margins
    ours = calibration_loss(query, reference, qi, ri, positive_margin=high, negative_margin=low, ignore=mask)
    slow = calibration(cosines(query, reference), qi, ri, *margins, mask)
    assert ours.item() == pytest.approx(slow.item(), abs=1e-12)
    torch.testing.assert_close(torch.autograd.grad(ours, query), torch.autograd.grad(slow, query))


def test_calibration_gradcheck() -> None:
    query, reference, qi, ri, ignore = problem()
    assert torch.autograd.gradcheck(
        lambda q, r: calibration_loss(q, r, qi, ri, ignore=ignore), (query.requires_grad_(), reference.requires_grad_())
    )


@pytest.mark.parametrize("loss", [supap_loss, calibration_loss])
def test_edges(loss) -> None:
    query, reference, qi, ri, _ = problem()
    query.requires_grad_()
    nothing = torch.ones(8, 19, dtype=torch.bool)
    for value in (
        loss(query[:0], reference, qi[:0], ri),
        loss(query, reference[:0], qi, ri[:0]),
        loss(query, reference, qi, ri, ignore=nothing),
    ):
        assert value.item() == 0 and bool((torch.autograd.grad(value, query)[0] == 0).all())
    one = loss(query, reference, torch.zeros_like(qi), torch.zeros_like(ri))
    assert one.isfinite() and one.requires_grad
    with pytest.raises(ValueError, match="query_ids must be integers"):
        loss(query, reference, qi.float(), ri)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = loss(query.bfloat16(), reference.bfloat16(), qi, ri)
    assert low.dtype == torch.float32
    assert bool(torch.autograd.grad(low, query)[0].isfinite().all())


def test_one_person_only() -> None:
    query, reference, qi, ri, _ = problem()
    same = torch.zeros_like(qi), torch.zeros_like(ri)
    assert supap_loss(query, reference, *same).item() == 0
    expected = (0.9 - cosines(query, reference)).clamp_min(0).mean()
    assert calibration_loss(query, reference, *same).item() == pytest.approx(expected.item())


def test_bad_settings_say_what_is_wrong() -> None:
    query, reference, qi, ri, _ = problem()
    with pytest.raises(ValueError, match=r"at least 0, got rho=-1, delta=0.05"):
        supap_loss(query, reference, qi, ri, rho=-1)
    with pytest.raises(ValueError, match="temperature must be above 0"):
        supap_loss(query, reference, qi, ri, temperature=-1.0)
