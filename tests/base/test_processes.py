"""Processes: who has which rows, what one alone does, and what a launcher said."""

import sys

import pytest
import torch

from rbcl_lite.base.device import default_device
from rbcl_lite.base.processes import ALONE, COUNTS, Processes, launched


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    for name in (*COUNTS, "MASTER_ADDR", "ACCELERATE_USE_CPU"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("total", "count"), [(12, 3), (13, 3), (14, 3), (2, 3), (0, 2), (7, 1)])
def test_every_row_has_one_process(total, count):
    whole = torch.arange(total)
    shares = [Processes(rank, count).share(whole) for rank in range(count)]
    assert torch.equal(torch.cat(shares), whole)
    lengths = [len(share) for share in shares]
    assert lengths == sorted(lengths, reverse=True) and max(lengths) - min(lengths) <= 1


def test_a_batch_is_cut_between_people():
    people = torch.arange(16).repeat_interleave(4)
    for count in (2, 4, 8):
        shares = [set(Processes(rank, count).share(people).tolist()) for rank in range(count)]
        assert len(set.union(*shares)) == sum(map(len, shares)) == 16


def test_alone_nothing_happens():
    x = torch.randn(4, 2)
    before = x.clone()
    ALONE.average_([x])
    ALONE.broadcast_([x])
    ALONE.check_equal("rows", x)
    ALONE.wait()
    ALONE.close()
    with ALONE.main_first():
        assert ALONE.gather(x, 4) is x and ALONE.same(x) is x and torch.equal(x, before)
    assert ALONE.main and Processes.here() == ALONE


def test_a_launcher_without_accelerate(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(ImportError, match=r'pip install "rbcl-lite\[distributed\]"'):
        Processes.here()


def test_a_launcher_that_starts_one_process_where_several_were_asked_for(monkeypatch):
    """accelerate launch --cpu --num_processes 2 does so."""
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert launched() == 1  # a cluster may set it for everybody
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    with pytest.raises(ValueError, match=r"starts a single process, .*torchrun --standalone --nproc_per_node 2"):
        launched()
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    assert launched() == 2 and default_device() == "cpu"
