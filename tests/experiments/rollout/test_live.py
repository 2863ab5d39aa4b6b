"""What chapter 13 computes while it is read: choices of an index, and rates on this machine."""

from types import SimpleNamespace

import torch

from rbcl_lite.data import StoredVectors
from rbcl_lite.experiments.rollout import live
from rbcl_lite.experiments.rollout.live import compare_indexes
from rbcl_lite.features import Features


def people(n, seed=0, dim=16):
    draw = torch.Generator().manual_seed(seed)
    ids = torch.arange(n) % (n // 4)
    centres = torch.randn(n // 4, dim, generator=draw)
    vectors = centres[ids] + 0.1 * torch.randn(n, dim, generator=draw)
    return Features(vectors, ids, ids % 3, "new", [f"{i}.jpg" for i in range(n)])


def test_a_flat_index_finds_everything_and_one_list_does_not():
    table = compare_indexes(people(400), people(400)[:40])
    assert table["recall"].iloc[0] == table["recall on noise"].iloc[0] == 1
    lists = table["recall on noise"].iloc[1]  # one list of ten
    assert lists < 0.9 and (table[["ms a query", "MB"]] > 0).all(axis=None)


def test_rates_are_of_the_work_that_was_done(monkeypatch):
    vectors, clock = people(40), iter([0.0, 4.0, 10.0, 12.0])
    monkeypatch.setattr(live, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(live, "extract", lambda *_, **__: None)

    class Known:
        def load_model(self):
            return None

    assert live.backfill_rates(Known(), StoredVectors(vectors[:20]), vectors) == (5.0, 20.0)
