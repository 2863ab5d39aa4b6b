"""Mixed precision: names, autocast, gradients."""

import pytest
import torch

from rbcl_lite.training.precision import Precision

CPU = torch.device("cpu")


def test_names():
    assert Precision("auto", CPU).name == "float32"
    assert Precision("bf16", CPU).name == "bf16"
    with pytest.raises(ValueError, match=r"'int8'.*auto, float32, bf16, fp16"):
        Precision("int8", CPU)
    with pytest.raises(ValueError, match=r"fp16 needs a CUDA device, not cpu; use bf16"):
        Precision("fp16", CPU)


@pytest.mark.parametrize(("amx", "warned"), [(False, 1), (True, 0)])
def test_bf16_on_a_cpu_that_computes_it_in_software_is_warned_of(monkeypatch, recwarn, amx, warned):
    monkeypatch.setattr("rbcl_lite.training.precision._has_amx", lambda: amx)
    Precision("bf16", CPU)
    Precision("float32", CPU)
    assert len(recwarn.list) == warned
    assert all("without AMX is about ten times slower than float32" in str(w.message) for w in recwarn.list)


@pytest.mark.parametrize(("name", "dtype"), [("float32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast(name, dtype):
    with Precision(name, CPU).autocast():
        assert torch.nn.Linear(3, 2)(torch.ones(1, 3)).dtype == dtype
    assert torch.nn.Linear(3, 2)(torch.ones(1, 3)).dtype == torch.float32


def test_backward_and_step_forgets_older_gradients():
    w = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = torch.optim.SGD([w], lr=0.5)
    for expected in (0.0, -1.0):
        Precision("float32", CPU).backward_and_step((2 * w).sum(), optimizer)
        assert w.item() == expected


def test_state_is_empty_without_a_scaler():
    precision = Precision("bf16", CPU)
    assert precision.state() == {}
    precision.restore({})


@pytest.mark.gpu
def test_the_scaler_goes_on_where_it_was():
    first, second = (Precision("fp16", torch.device("cuda")) for _ in range(2))
    w = torch.nn.Parameter(torch.tensor([1.0], device="cuda"))
    first.backward_and_step(w.sum() * float("inf"), torch.optim.SGD([w], lr=0.5))  # halves the scale, skips the step
    assert w.item() == 1.0
    second.restore(first.state())
    assert second.state() == first.state() and second.state()["scale"] < Precision("fp16", w.device).state()["scale"]
