"""Two processes are one: loss, gradients, weights, memories, for every learner and method."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from together import Case, all_of, interrupted, spawn, trained

from rbcl_lite.base.files import read_note
from rbcl_lite.methods import METHODS

FREE = [name for name in METHODS if not METHODS[name].fixed_labels]
CASES = [
    *(Case("supervised", name, steps=5, batch=(5, 3)) for name in METHODS),  # 15 images: 8 and 7
    *(Case("pseudo-labels", name) for name in FREE),
    *(Case("ecn", name, labelled=True) for name in FREE),
    Case("pseudo-labels", "rbcl", labelled=True),
]
LONG = CASES[-1].config
OTHERS = [
    Case("supervised", "rbcl", steps=5, config=replace(LONG, chunk=4)),
    Case("supervised", "mixbct", steps=5, config=replace(LONG, precision="bf16")),
]
STOPPED = Case("ecn", "contrastive", labelled=True)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """All trainings in two processes: what each of them ended with, and the state of one that they did not end."""
    folder = tmp_path_factory.mktemp("two")
    begun, left = folder / "begun", folder / "left"
    interrupted(STOPPED, begun)
    return *spawn(all_of, 2, folder, [*CASES, *OTHERS], STOPPED, begun, left), left


MOOT = ("discriminator.layers.0.bias", "discriminator.layers.1.running_mean")
"""A bias before a batch norm has no effect and no gradient but rounding, which Adam makes a step of."""


def close(a, b, within):
    assert a.keys() == b.keys()
    for k in a.keys() - set(MOOT):
        assert torch.allclose(a[k].float(), b[k].float(), rtol=0, atol=within), (k, (a[k] - b[k]).abs().max())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_two_processes_are_one(both, case):
    """20 steps; the loss of the first five, the gradient of the fifth."""
    one, two = trained(case), both[0][str(case)]
    assert one["history"].keys() == two["history"].keys()
    for name, values in one["history"].items():
        assert two["history"][name][0] == pytest.approx(values[0], abs=1e-5, nan_ok=True), name
    close(one["grads"], two["grads"], 1e-5)
    for part in ("weights", "learner", "method"):
        close(one[part], two[part], 1e-4)


@pytest.mark.parametrize(("case", "within"), zip(OTHERS, (1e-4, 1e-2)), ids=str)
def test_in_chunks_and_in_bf16(both, case, within):
    close(trained(case)["weights"], both[0][str(case)]["weights"], within)


def test_another_number_of_processes_continues(both):
    whole, left = trained(STOPPED), both[2]
    assert len(read_note(left)["rows"]) == 2
    for resumed in (both[0]["begun"], trained(STOPPED, state=left)):
        for part in ("weights", "learner", "method"):
            close(whole[part], resumed[part], 1e-4)
        assert resumed["history"]["loss"] == pytest.approx(whole["history"]["loss"], abs=1e-4)


@pytest.mark.parametrize("case", [*CASES, *OTHERS], ids=str)
def test_processes_hold_the_same(both, case):
    a, b = (results[str(case)] for results in both[:2])
    pd.testing.assert_frame_equal(pd.DataFrame(a["history"]), pd.DataFrame(b["history"]), check_exact=True)
    for part in ("grads", "weights", "learner", "method"):
        assert a[part].keys() == b[part].keys() and all(torch.equal(v, b[part][k]) for k, v in a[part].items())
