"""What references show of the old space, gaps, and heads that spend a budget."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rbcl_lite.experiments.close_up.gaps import dead_share, gap_sides, pair_gaps
from rbcl_lite.experiments.close_up.seen import (
    hardest_seen,
    loss_and_pull,
    pull_table,
    references_of,
    seen_table,
    slope_shares,
)
from rbcl_lite.experiments.close_up.spend import spend
from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.experiments.tables.upgrade import own_similarity, systems
from rbcl_lite.features import Features
from rbcl_lite.losses import Reactivation


def space(people: int = 6, images: int = 4, noise: float = 0.3, seed: int = 0) -> Features:
    g = torch.Generator().manual_seed(seed)
    ids = torch.arange(people).repeat_interleave(images)
    centres = torch.randn(people, 8, generator=torch.Generator().manual_seed(99))[ids]
    vectors = centres + noise * torch.randn(centres.shape, generator=g)
    return Features(vectors, ids * 3, torch.arange(len(ids)) % 3, "x", [str(i) for i in range(len(ids))])


def test_gaps_are_those_of_a_slow_loop() -> None:
    new, old = space(seed=1), space()
    assert new.cams is not None and old.cams is not None
    slow = []
    for q in range(len(new)):
        s = old.vectors @ new.vectors[q]
        hardest = max(s[j].item() for j in range(len(old)) if old.ids[j] != new.ids[q])
        for j in range(len(old)):
            if old.ids[j] == new.ids[q] and old.cams[j] != new.cams[q]:
                slow.append(s[j].item() - hardest)
    assert pair_gaps(new, old).tolist() == pytest.approx(slow, abs=1e-6)
    with pytest.raises(ValueError, match="cameras"):
        pair_gaps(Features(new.vectors, new.ids), old)


def test_sides_add_up() -> None:
    table = gap_sides({"a": {"m": np.array([0.5, 0.0, -0.5])}, "b": {"m": np.zeros(4)}})
    assert table.sum(axis=1).tolist() == pytest.approx([100, 100])
    assert table.loc[("b", "m"), "inside the band"] == 100


def test_constants_wake_pairs() -> None:
    new, old = space(noise=0.05, seed=1), space(noise=0.05)
    plain, awake = dead_share(new, old, [torch.arange(24), torch.arange(8)], reactivations=[None, Reactivation()])
    assert plain > 50 > awake
    with pytest.raises(ValueError, match="cameras"):
        dead_share(Features(new.vectors, new.ids), old, [torch.arange(8)])


def test_rank_of_the_hardest_seen_is_that_of_a_slow_loop() -> None:
    new, old = space(noise=0.8, seed=1), space(noise=0.8)
    queries, references = torch.tensor([0, 7, 21]), torch.tensor([1, 4, 9, 16, 23])
    rank, row = hardest_seen(new, old, queries, references)
    for i, q in enumerate(queries.tolist()):
        s = old.vectors @ new.vectors[q]
        strangers = sorted((-s[j].item(), j) for j in range(len(old)) if old.ids[j] != new.ids[q])
        order = [j for _, j in strangers]
        first = next(place for place, j in enumerate(order) if j in references.tolist())
        assert (rank[i].item(), row[i].item()) == (first + 1, order[first])


def test_slopes_add_up_and_leave_the_person_out() -> None:
    new, old = space(noise=0.8, seed=1), space(noise=0.8)
    shares = slope_shares(new, old, torch.arange(5), temperature=0.1)
    assert torch.allclose(shares.sum(1), torch.ones(5, dtype=torch.float64))
    assert shares[new.ids[:5][:, None] == old.ids].max() < 1e-200
    with pytest.raises(ValueError, match="cameras"):
        slope_shares(new, Features(old.vectors, old.ids), torch.arange(2))


def test_more_agents_see_more() -> None:
    new, old = space(noise=0.8, seed=1), space(noise=0.8)
    table = seen_table(new, old, [torch.tensor([0, 1, 8, 9])], (0, 1, 3))
    assert table.loc["agents", "coverage in %"].is_monotonic_increasing
    assert table.loc[("agents", 3), "references"] == table.loc[("random", 3), "references"] > 4
    assert table.loc[("agents", 0), "median rank"] == table.loc[("random", 0), "median rank"]


def test_references_and_their_pull() -> None:
    new, old = space(noise=0.8, seed=1), space(noise=0.8)
    batch = torch.tensor([0, 1, 8, 9])
    alone, agents, centres, everything = (
        references_of(old, [batch], k, centers=c)[0] for k, c in ((0, False), (2, False), (2, True), (-1, False))
    )
    assert alone.index.tolist() == batch.tolist() and len(everything.index) == len(old)
    assert set(batch.tolist()) < set(agents.index.tolist())
    assert (centres.index[len(batch) :] == -1).all() and (centres.cams[len(batch) :] == -1).all()
    loss, pull = loss_and_pull(new, batch, everything)
    assert 0 < loss < 1 and pull > 0
    table = pull_table(new, old, [batch], {"batch": (0, False), "all": (-1, False)})
    assert table.loc["batch", "λ for equal pull"] == 1 and table.loc["all", "loss"] == pytest.approx(loss)
    with pytest.raises(ValueError, match="cameras"):
        references_of(Features(old.vectors, old.ids), [batch])
    with pytest.raises(ValueError, match="cameras"):
        loss_and_pull(Features(new.vectors, new.ids), batch, everything)


def test_a_head_goes_on_until_the_budget_is_spent() -> None:
    new, old = space(seed=1), space(noise=0.6)
    test = CrossTest(old, old, new, new)
    about = {"seeds": range(2), "batch": (3, 2), "epochs": 1, "steps": 3}
    free = spend(new, old, test, "l2", cost=0.0, most=3, **about)
    assert sorted(free["weight"].unique())[0] == 0 and free["spent"].all()
    never = spend(new, old, test, "l2", cost=1000.0, most=2, **about)
    assert sorted(never["weight"].unique()) == [0, 1, 4] and not never["spent"].any()
    with pytest.raises(ValueError, match="grow"):
        spend(new, old, test, "l2", factor=1.0, **about)


def test_systems_and_own_similarity() -> None:
    new, old = space(seed=1), space(noise=0.6)
    test = CrossTest(old, old, new, new)
    table = systems(test, test, "L2")
    assert list(table.index[[0, 2]]) == ["old/old, before the upgrade", "L2 new/old"]
    assert table.loc["L2 new/old", "mAP"] == table.iloc[1, 0] == round(100 * test.new_old.mAP, 1)
    slow = sum(float(a @ b) for a, b in zip(new.vectors, old.vectors)) / len(new)
    assert own_similarity(test) == pytest.approx(slow, abs=1e-6)
