from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from reference_smooth_ap import cosines, neighbours_of_others
from torch import Tensor

from rbcl_lite import agents
from rbcl_lite.agents import agent_centers, neighbor_agents


def problem(sizes: list[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """Shuffled images of people that cluster, so that a person's nearest images are mostly its own."""
    g = torch.Generator().manual_seed(seed)
    ids = torch.repeat_interleave(torch.arange(len(sizes)) * 10 - 10, torch.tensor(sizes))
    ids = ids[torch.randperm(len(ids), generator=g)]
    centres = 3 * torch.randn(len(sizes), 8, generator=g)
    return centres[(ids + 10) // 10] + torch.randn(len(ids), 8, generator=g), ids


@pytest.mark.parametrize("sizes", [[5, 1, 9, 3, 6], [40, 2, 1, 1, 3, 2, 1], [1] * 12])
@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_equal_the_loops(sizes: list[int], k: int) -> None:
    old, ids = problem(sizes)
    index = neighbor_agents(old, ids, k)
    assert index.dtype == torch.long
    assert index.tolist() == neighbours_of_others(cosines(old, old), ids, ids, k)


@pytest.mark.parametrize("rows", [1, 5, 23, 24, 1000])
def test_blocks_of_any_size_find_the_same(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    old, ids = problem([5, 1, 9, 3, 6])
    monkeypatch.setattr(agents, "BLOCK_BYTES", rows * len(ids) * old.element_size())
    assert neighbor_agents(old, ids, 4).tolist() == neighbours_of_others(cosines(old, old), ids, ids, 4)
    monkeypatch.setattr(agents, "BLOCK_BYTES", 1)
    names = torch.arange(5) * 10 - 10
    centres, _, index = agent_centers(old, ids, 3)
    assert index.tolist() == neighbours_of_others(cosines(old, centres), ids, names, 3)


@pytest.mark.gpu
def test_on_a_gpu() -> None:
    old, ids = problem([5, 1, 9, 3, 6])
    index = neighbor_agents(old.cuda(), ids, 4)
    assert index.is_cuda and index.tolist() == neighbor_agents(old, ids, 4).tolist()
    assert all(part.is_cuda for part in agent_centers(old.cuda(), ids, 2))


def test_all_images_of_others_can_be_asked_for() -> None:
    """One person has far more images than the rest: its first neighbours are all its own."""
    old, ids = problem([30, 2, 3])
    assert neighbor_agents(old, ids, 5).tolist() == neighbours_of_others(cosines(old, old), ids, ids, 5)
    with pytest.raises(ValueError, match=r"k = 6 agents wanted, but only 5 images of other people"):
        neighbor_agents(old, ids, 6)


def test_copies_of_one_vector() -> None:
    old, ids = torch.ones(6, 4), torch.tensor([0, 0, 0, 1, 1, 2])
    index = neighbor_agents(old, ids, 3)
    assert bool((ids[index] != ids[:, None]).all())
    assert all(len(set(row)) == 3 for row in index.tolist())


@pytest.mark.parametrize("k", [1, 4])
def test_centres_equal_the_loops(k: int) -> None:
    old, ids = problem([5, 1, 9, 3, 6])
    centres, names, index = agent_centers(old, ids, k)
    unit = F.normalize(old, dim=1)
    slow = torch.stack(
        [
            F.normalize(torch.stack([u for u, i in zip(unit, ids) if i == name]).mean(0), dim=0)
            for name in sorted(set(ids.tolist()))
        ]
    )
    assert names.tolist() == [-10, 0, 10, 20, 30]
    torch.testing.assert_close(centres, slow)
    assert index.tolist() == neighbours_of_others(cosines(old, slow), ids, names, k)


def test_other_vectors_of_the_images_may_look() -> None:
    old, ids = problem([5, 1, 9, 3, 6])
    query = old + torch.randn(old.shape, generator=torch.Generator().manual_seed(5))
    found = neighbor_agents(old, ids, 4, query=query).tolist()
    assert found == neighbours_of_others(cosines(query, old), ids, ids, 4) != neighbor_agents(old, ids, 4).tolist()
    centres, names, index = agent_centers(old, ids, 3, query=query)
    assert index.tolist() == neighbours_of_others(cosines(query, centres), ids, names, 3)
    with pytest.raises(ValueError, match=r"query must have one row for each old vector, \[24, 8\]; got \[23, 8\]"):
        neighbor_agents(old, ids, 4, query=query[1:])
    query[3, 2] = float("nan")
    with pytest.raises(ValueError, match="query holds NaN or infinity"):
        agent_centers(old, ids, 3, query=query)


def test_inputs_may_be_half_double_or_on_a_graph() -> None:
    old, ids = problem([5, 1, 9, 3, 6])
    for vectors in (old.bfloat16(), old.double(), old.clone().requires_grad_()):
        exact = vectors.detach().float()
        assert neighbor_agents(vectors, ids, 3).tolist() == neighbours_of_others(cosines(exact, exact), ids, ids, 3)
        centres, _, _ = agent_centers(vectors, ids, 2)
        assert not centres.requires_grad
        torch.testing.assert_close(centres.norm(dim=1), torch.ones(5, dtype=centres.dtype))


def test_empty_set() -> None:
    assert neighbor_agents(torch.empty(0, 4), torch.empty(0, dtype=torch.long), 3).shape == (0, 3)
    centres, names, index = agent_centers(torch.empty(0, 4), torch.empty(0, dtype=torch.long), 3)
    assert centres.shape == (0, 4) and names.shape == (0,) and index.shape == (0, 3)


def test_bad_arguments_say_what_is_wrong() -> None:
    old, ids = problem([3, 2])
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        neighbor_agents(old, ids, 0)
    with pytest.raises(ValueError, match="only 0 images of other people"):
        neighbor_agents(old, torch.zeros_like(ids), 1)
    with pytest.raises(ValueError, match="k = 2 agents wanted, but only 1 other people"):
        agent_centers(old, ids, 2)
    with pytest.raises(ValueError, match="ids must be integers"):
        agent_centers(old, ids[:-1], 1)
    old[2, 1] = torch.nan
    with pytest.raises(ValueError, match="NaN or infinity"):
        neighbor_agents(old, ids, 1)
