"""Two processes are one: loss, gradients, weights, memories, for every learner and method."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from together import Case, all_of, spawn, trained

from rbcl_lite.methods import METHODS
from rbcl_lite.training.schedule import TrainConfig

FREE = [name for name in METHODS if not METHODS[name].fixed_labels]
CASES = [
    *(Case("supervised", name, steps=5, batch=(5, 3)) for name in METHODS),  # 15 images: 8 and 7
    *(Case("pseudo-labels", name) for name in FREE),
    *(Case("ecn", name, labelled=True) for name in FREE),
    Case("pseudo-labels", "rbcl", labelled=True),
]
FIRST = TrainConfig(epochs=1, lr=1e-3)


def first(case: Case) -> Case:
    """The case cut after its first step, or its first epoch where that has a length of its own."""
    return replace(case, config=FIRST, steps=1 if case.steps else None)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """All trainings in two processes: what each of them ended with."""
    cases = [*CASES, *map(first, CASES)]
    return spawn(all_of, 2, tmp_path_factory.mktemp("two"), cases)


MOOT = ("discriminator.layers.0.bias", "discriminator.layers.1.running_mean")
"""A bias before a batch norm has no effect and no gradient but rounding, which Adam makes a step of."""


def close(a, b, within):
    assert a.keys() == b.keys()
    for k in a.keys() - set(MOOT):
        assert torch.allclose(a[k].float(), b[k].float(), rtol=0, atol=within), (k, (a[k] - b[k]).abs().max())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_two_processes_are_one(both, case):
    one, two = trained(first(case)), both[0][f"{case}/1"]
    assert one["history"].keys() == two["history"].keys()
    for name, values in one["history"].items():
        assert two["history"][name] == pytest.approx(values, abs=1e-5, nan_ok=True), name
    close(one["grads"], two["grads"], 1e-5)

    one, two = trained(case), both[0][f"{case}/4"]
    for part in ("weights", "learner", "method"):
        close(one[part], two[part], 1e-4)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_processes_hold_the_same(both, case):
    a, b = (results[f"{case}/4"] for results in both)
    pd.testing.assert_frame_equal(pd.DataFrame(a["history"]), pd.DataFrame(b["history"]), check_exact=True)
    for part in ("grads", "weights", "learner", "method"):
        assert a[part].keys() == b[part].keys() and all(torch.equal(v, b[part][k]) for k, v in a[part].items())
