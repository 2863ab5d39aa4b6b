"""Means of an epoch's terms."""

import math

import pytest
import torch

from rbcl_lite.training.means import RunningMeans


def test_every_number_has_its_own_count():
    means = RunningMeans()
    r = torch.Generator().manual_seed(0)
    rows = [{"loss": torch.rand((), generator=r)} for _ in range(25)]
    for step, row in enumerate(rows):
        if step % 10 == 0:
            row["saturation"] = torch.rand((), generator=r)
        if step == 24:
            row["share"] = 0.25
        means.add(step, row)
    for name in ("loss", "saturation", "share"):
        own = [float(row[name]) for row in rows if name in row]
        assert means.values()[name] == pytest.approx(sum(own) / len(own), rel=1e-5)
    assert list(means.values()) == ["loss", "saturation", "share"]


def test_nothing_was_measured():
    assert RunningMeans().values() == {} and math.isnan(RunningMeans().read_loss())


def test_the_latest_loss_and_the_one_of_a_look_before():
    means = RunningMeans()
    for step, loss in enumerate((3.0, 2.0)):
        means.add(step, {"loss": torch.tensor(loss)})
    assert means.read_loss() == 2.0 == means.read_loss()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_bad_loss_is_named_with_its_terms(bad):
    means = RunningMeans()
    for step, loss in zip(range(40, 47), (1.0, 1.0, bad, 1.0, math.nan, 1.0, 1.0)):
        means.add(step, {"loss": torch.tensor(loss), "identity": torch.tensor(float(step))})
    with pytest.raises(FloatingPointError, match=rf"the loss is {bad} at step 42 .*'identity': 42.0"):
        means.read_loss()


def test_what_was_added_is_not_changed_by_the_caller_and_keeps_no_graph():
    means, value = RunningMeans(), torch.tensor(1.0, requires_grad=True)
    means.add(0, {"loss": value * 2})
    buffer = torch.tensor(5.0)
    means.add(1, {"loss": buffer})
    means.add(2, {"loss": torch.tensor(4.0)})
    first = RunningMeans()
    first.add(0, {"loss": buffer})
    buffer.fill_(100)
    first.add(1, {"loss": torch.tensor(7.0)})
    assert first.values() == {"loss": 6.0} and means.values()["loss"] == pytest.approx(11 / 3)
    assert all(not total.requires_grad for total in means._sums.values())
