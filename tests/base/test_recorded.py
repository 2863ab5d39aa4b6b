"""A recorded function must give what the function gives, whatever it is called with."""

import logging

import pytest
import torch

from rbcl_lite.base.recorded import KEPT, USUAL, Recorded


def mixture(a, b, *, weight):
    """Two tensors of which one may be missing; the calls are counted by the caller."""
    return (weight * a if b is None else a + weight * b, None if b is None else (a * b).sum())


def test_on_a_cpu_it_is_called_each_time():
    seen = []
    recorded = Recorded(lambda x: (seen.append(x) or x + 1,))
    for n in range(6):
        assert torch.equal(recorded(torch.full((3,), n))[0], torch.full((3,), n + 1))
    assert len(seen) == 6


@pytest.mark.gpu
def test_a_replay_gives_what_the_function_gives_for_every_kind_of_call():
    calls = []

    def function(a, b, *, weight):
        calls.append(a)
        return mixture(a, b, weight=weight)

    recorded = Recorded(function)
    g = torch.Generator().manual_seed(0)
    kept = []
    for _ in range(8):
        for shape in ((4, 3), (5, 3)):
            for weight in (2.0, 3.0):
                for missing in (False, True):
                    a, b = (torch.randn(shape, generator=g).cuda() for _ in range(2))
                    b = None if missing else b
                    wanted = mixture(a, b, weight=weight)
                    found = recorded(a, b, weight=weight)
                    kept.append((wanted, found))
    for wanted, found in kept:  # what an earlier call gave is not overwritten by a later one
        for x, y in zip(wanted, found):
            assert (x is None and y is None) or torch.equal(x, y)
    assert len(calls) == 8 * (USUAL + 2)  # then one pass before the recording, and the recording
    assert len(recorded._known) == 8 <= KEPT


@pytest.mark.gpu
def test_what_cannot_be_recorded_is_computed_as_usual_and_says_so_once(caplog):
    def reading(x):
        return (x * float(x.sum()),)

    recorded = Recorded(reading)
    with caplog.at_level(logging.WARNING, "rbcl_lite.base.recorded"):
        for n in range(1, 8):
            x = torch.full((2,), float(n)).cuda()
            assert torch.equal(recorded(x)[0], x * 2 * n)
    assert [r.message.startswith("reading is not replayed as a CUDA graph") for r in caplog.records] == [True]


@pytest.mark.gpu
def test_old_kinds_of_calls_are_forgotten():
    recorded = Recorded(lambda x: (2 * x,))
    for n in range(3 * KEPT):
        assert len(recorded(torch.ones(n + 1).cuda())[0]) == n + 1
    assert len(recorded._known) == KEPT
