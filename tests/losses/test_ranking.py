from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from reference_smooth_ap import cosines, exact_ap_loss, saturated_share, smooth_ap
from torch import Tensor

import rbcl_lite.losses.ranking_kernel as kernel
import rbcl_lite.losses.ranking_risk as ranking_risk
from rbcl_lite.losses.ranking import saturation, smooth_ap_loss

pytestmark = pytest.mark.usefixtures("either_way")


def problem(seed: int = 0, dim: int = 6, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """9 queries and 23 references of 5 people with 1 to 9 references each, shuffled; query 4 has no positive."""
    g = torch.Generator().manual_seed(seed)
    reference_ids = torch.repeat_interleave(torch.arange(5), torch.tensor([9, 6, 1, 4, 3]))
    reference_ids = reference_ids[torch.randperm(23, generator=g)]
    query_ids = torch.tensor([1, 0, 3, 3, 77, 2, 4, 0, 1])
    query = torch.randn(9, dim, generator=g, dtype=dtype)
    reference = torch.randn(23, dim, generator=g, dtype=dtype)
    return query, reference, query_ids, reference_ids


def random_ignore(seed: int = 1) -> Tensor:
    return torch.rand(9, 23, generator=torch.Generator().manual_seed(seed)) < 0.3


def both_gradients(loss: Tensor, query: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    first, second = torch.autograd.grad(loss, [query, reference])
    return first, second


@pytest.mark.parametrize("tau", [0.01, 0.1])
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("log", [False, True])
def test_equals_the_loops_in_value_and_gradient(tau: float, ignored: bool, log: bool) -> None:
    query, reference, qi, ri = problem()
    ignore = random_ignore() if ignored else None
    query.requires_grad_(), reference.requires_grad_()
    ours = smooth_ap_loss(query, reference, qi, ri, temperature=tau, ignore=ignore, log=log)
    slow = smooth_ap(cosines(query, reference), qi, ri, tau, ignore, log=log)
    assert ours.item() == pytest.approx(slow.item(), abs=1e-12)
    for a, b in zip(both_gradients(ours, query, reference), both_gradients(slow, query, reference)):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-9)


@pytest.mark.parametrize("block", [1, 23, 60])
def test_blocks_of_any_size_give_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    query, reference, qi, ri = problem()
    query.requires_grad_()
    whole = smooth_ap_loss(query, reference, qi, ri)
    monkeypatch.setattr(kernel, "CPU_BLOCK", block)
    parts = smooth_ap_loss(query, reference, qi, ri)
    assert parts.item() == pytest.approx(whole.item(), abs=1e-14)
    torch.testing.assert_close(torch.autograd.grad(parts, query), torch.autograd.grad(whole, query))
    assert saturation(query, reference, qi, ri) == pytest.approx(saturated_share(cosines(query, reference), qi, ri))


def test_gradcheck() -> None:
    query, reference, qi, ri = problem()
    ignore = random_ignore()
    assert torch.autograd.gradcheck(
        lambda q, r: smooth_ap_loss(q, r, qi, ri, temperature=0.05, ignore=ignore),
        (query.requires_grad_(), reference.requires_grad_()),
    )


@pytest.mark.parametrize("seed", range(5))
def test_tends_to_exact_average_precision(seed: int) -> None:
    query, reference, qi, ri = problem(seed)
    ignore = random_ignore(seed)
    exact = exact_ap_loss(cosines(query, reference), qi, ri, ignore)
    sharp = smooth_ap_loss(query, reference, qi, ri, temperature=1e-5, ignore=ignore)
    assert sharp.item() == pytest.approx(exact, abs=1e-4)


def test_no_clamp_on_the_exponent() -> None:
    """A gap of 0.6 is 60 temperatures: a clamp at 50 would make this gradient exactly zero."""
    query = torch.tensor([[1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([[0.8, 0.6], [0.2, 0.96**0.5]], dtype=torch.float64)
    smooth_ap_loss(query, reference, torch.tensor([0]), torch.tensor([0, 1])).backward()
    assert query.grad is not None and 0 < query.grad.abs().max() < 1e-20


def test_float32_keeps_the_gradient_of_a_stranger_far_ahead() -> None:
    """Trap: in float32 sigma - sigma^2 is exactly 0 beyond 17 temperatures; the slope there is small, not absent."""
    ids = torch.tensor([1, 2]), torch.tensor([1])
    slopes = []
    for dtype in (torch.float32, torch.float64):
        query = torch.tensor([[1.0, 0.0]], dtype=dtype, requires_grad=True)
        reference = torch.tensor([[0.7, 0.51**0.5], [0.9, 0.19**0.5]], dtype=dtype)  # 0.2 = 20 temperatures ahead
        smooth_ap_loss(query, reference, ids[1], ids[0]).backward()
        slopes.append(query.grad[0, 1].item())
    assert slopes[0] != 0
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-3)


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_autocast_keeps_the_gradient_of_a_gap_that_fp16_loses(half: torch.dtype) -> None:
    """Trap: in fp16 the slope is exactly 0 from 20 temperatures on; in float32 it is 2.1e-7 there."""
    query = torch.tensor([[1.0, 0.0]], requires_grad=True)
    reference = torch.tensor([[0.8, 0.6], [0.6, 0.8]])
    ids = torch.tensor([0]), torch.tensor([0, 1])
    exact = torch.autograd.grad(smooth_ap_loss(query, reference, *ids), query)[0]
    with torch.autocast("cpu", dtype=half):
        loss = smooth_ap_loss(query, reference, *ids)
    assert torch.equal(torch.autograd.grad(loss, query)[0], exact)
    # the unit query turns by dt: each cosine changes by the reference's second coordinate
    assert exact[0, 1].item() == pytest.approx(2.06e-7 * (0.8 - 0.6), rel=0.01)
    assert torch.sigmoid(torch.tensor(-20.0)).half() == 0  # fp16 has no room below 6e-8


def test_does_not_depend_on_length_or_order() -> None:
    query, reference, qi, ri = problem()
    g = torch.Generator().manual_seed(3)
    rows, cols = torch.randperm(9, generator=g), torch.randperm(23, generator=g)
    ignore = random_ignore()
    here = smooth_ap_loss(query, reference, qi, ri, ignore=ignore)
    there = smooth_ap_loss(3 * query[rows], 0.1 * reference[cols], qi[rows], ri[cols], ignore=ignore[rows][:, cols])
    assert here.item() == pytest.approx(there.item(), abs=1e-12)


def test_queries_without_positive_are_left_out_of_the_mean() -> None:
    query, reference, qi, ri = problem()
    keep = torch.tensor([i for i in range(9) if i != 4])
    query.requires_grad_()
    loss = smooth_ap_loss(query, reference, qi, ri)
    assert loss.item() == pytest.approx(smooth_ap_loss(query[keep], reference, qi[keep], ri).item(), abs=1e-12)
    gradient = torch.autograd.grad(loss, query)[0]
    assert bool((gradient[4] == 0).all()) and bool((gradient[keep] != 0).any(dim=1).all())


def test_frozen_references_get_no_gradient_and_cost_none() -> None:
    query, reference, qi, ri = problem()
    smooth_ap_loss(query.requires_grad_(), reference, qi, ri).backward()
    assert reference.grad is None and query.grad is not None


def test_no_gradient_wanted() -> None:
    query, reference, qi, ri = problem()
    with torch.no_grad():
        quiet = smooth_ap_loss(query, reference, qi, ri)
    assert not quiet.requires_grad
    assert quiet.item() == smooth_ap_loss(query.requires_grad_(), reference, qi, ri).item()


def test_one_person_only_is_a_perfect_ranking() -> None:
    query, reference, _, _ = problem()
    query.requires_grad_()
    qi, ri = torch.zeros(9, dtype=torch.long), torch.zeros(23, dtype=torch.long)
    loss = smooth_ap_loss(query, reference, qi, ri)
    loss.backward()
    assert loss.item() == 0 and query.grad is not None and bool((query.grad == 0).all())
    assert saturation(query, reference, qi, ri) == 0.0


@pytest.mark.parametrize(("b", "r"), [(0, 23), (9, 0), (0, 0)])
def test_empty_sides(b: int, r: int) -> None:
    query, reference, qi, ri = problem()
    query = query[:b].clone().requires_grad_()
    loss = smooth_ap_loss(query, reference[:r], qi[:b], ri[:r])
    loss.backward()
    assert loss.item() == 0 and query.grad is not None and query.grad.shape == (b, 6)
    assert saturation(query, reference[:r], qi[:b], ri[:r]) == 0.0


def test_nothing_to_rank_is_a_zero_with_a_graph() -> None:
    query, reference, qi, ri = problem()
    query.requires_grad_()
    for ids, ignore in [(qi + 100, None), (qi, torch.ones(9, 23, dtype=torch.bool))]:
        loss = smooth_ap_loss(query, reference, ids, ri, ignore=ignore)
        assert loss.item() == 0 and bool((torch.autograd.grad(loss, query)[0] == 0).all())


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision(half: torch.dtype) -> None:
    query, reference, qi, ri = problem(dtype=torch.float32)
    query, reference = query.to(half).requires_grad_(), reference.to(half)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = smooth_ap_loss(query, reference, qi, ri)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(smooth_ap_loss(query.float(), reference.float(), qi, ri).item(), abs=1e-6)
    loss.backward()
    assert query.grad is not None and query.grad.dtype == half and bool(query.grad.isfinite().all())


@pytest.mark.parametrize(("classes", "samples"), [(4, 4), (6, 6)])
def test_equals_pytorch_metric_learning_where_that_is_right(classes: int, samples: int) -> None:
    """Its query stands among its own positives, and its reshape is right only for classes = samples per class."""
    peer = pytest.importorskip("pytorch_metric_learning.losses").SmoothAPLoss()
    ids = torch.repeat_interleave(torch.arange(classes), samples)
    x = torch.randn(classes * samples, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours, theirs = smooth_ap_loss(x, x, ids, ids), peer(x, ids)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
    torch.testing.assert_close(torch.autograd.grad(ours, x)[0], torch.autograd.grad(theirs, x)[0], atol=1e-4, rtol=1e-3)


def test_leaving_out_the_query_itself_changes_the_value() -> None:
    """The trap of the official code: with the query among its positives the average precision is flattered."""
    x = F.normalize(torch.randn(12, 8, generator=torch.Generator().manual_seed(0)).double(), dim=1)
    ids = torch.arange(12) // 3
    own = torch.eye(12, dtype=torch.bool)
    without = smooth_ap_loss(x, x, ids, ids, temperature=1e-5, ignore=own).item()
    assert without == pytest.approx(exact_ap_loss(x @ x.T, ids, ids, own), abs=1e-4)
    assert smooth_ap_loss(x, x, ids, ids, temperature=1e-5).item() < without - 0.05


@pytest.mark.parametrize("seed", range(3))
def test_saturation_equals_the_loops(seed: int) -> None:
    query, reference, qi, ri = problem(seed)
    ignore = random_ignore(seed)
    for tau in (0.002, 0.01, 0.05):
        slow = saturated_share(cosines(query, reference), qi, ri, tau, ignore)
        assert saturation(query, reference, qi, ri, temperature=tau, ignore=ignore) == pytest.approx(slow)
    assert 0 < saturated_share(cosines(query, reference), qi, ri, 0.002, ignore) < 1


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_autocast_does_not_change_what_is_measured(half: torch.dtype) -> None:
    """In bf16 some of these gaps land on the other side of the limit."""
    g = torch.Generator().manual_seed(0)
    ids = torch.arange(100) % 10
    sides = (torch.randn(100, 8, generator=g), torch.randn(100, 8, generator=g), ids, ids)
    expected = ranking_risk.saturated_share(*sides, temperature=0.01)
    with torch.autocast("cpu", half):
        found = ranking_risk.saturated_share(*sides, temperature=0.01)
    assert torch.equal(found, expected) and 0 < expected < 1


def test_saturation_leaves_out_queries_without_negative() -> None:
    new = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    old = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    ids = torch.tensor([0, 1])
    ignore = torch.tensor([[False, True], [False, False]])  # query 0 keeps only its positive
    assert saturation(new, old, ids, ids, ignore=ignore) == 1.0  # the gap of query 1 is 0.8
    assert saturation(new, old, ids, ids, ignore=ignore, temperature=0.5) == 0.0


@pytest.mark.parametrize("function", [smooth_ap_loss, saturation])
def test_bad_arguments_say_what_is_wrong(function) -> None:
    query, reference, qi, ri = problem()
    with pytest.raises(ValueError, match="temperature must be above 0, got 0"):
        function(query, reference, qi, ri, temperature=0)
    with pytest.raises(ValueError, match="reference has 5 dimensions, expected 6"):
        function(query, reference[:, :5], qi, ri)
    with pytest.raises(ValueError, match="reference_ids must be integers"):
        function(query, reference, qi, ri[:-1])
    with pytest.raises(ValueError, match=r"ignore must be bool \[9, 23\]"):
        function(query, reference, qi, ri, ignore=torch.zeros(9, 22, dtype=torch.bool))


MEMORY = """
import re, torch
from pathlib import Path
from rbcl_lite.losses.ranking import smooth_ap_loss
torch.set_num_threads(1)

def peak():  # not getrusage: its maximum is inherited from the process that started this one
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

query, reference = torch.randn(1024, 64, requires_grad=True), torch.randn(8192, 64)
reference_ids = torch.arange(8192) // 8
smooth_ap_loss(query[:8], reference, reference_ids[:8], reference_ids).backward()
before = peak()
smooth_ap_loss(query, reference, reference_ids[torch.randperm(8192)[:1024]], reference_ids).backward()
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_of_a_large_bank() -> None:
    """1,024 queries against 8,192 references with 8 positives each, backward included: a few [B, R] matrices."""
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=120)
    assert 0 < int(done.stdout) < 8 * 1024 * 8192 * 4  # 256 MiB, far under the 2 GB that are asked for


@pytest.mark.gpu
def test_on_the_gpu() -> None:
    query, reference, qi, ri = problem()
    there = smooth_ap_loss(query.cuda(), reference.cuda(), qi.cuda(), ri.cuda())
    assert there.item() == pytest.approx(smooth_ap_loss(query, reference, qi, ri).item(), abs=1e-10)
