"""A linear head trained by the real loop on stored vectors."""

from __future__ import annotations

import pytest
import torch

from rbcl_lite.experiments.close_up.heads import sweep_heads, train_head
from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.features import Features
from rbcl_lite.methods import METHODS
from rbcl_lite.metrics import evaluate_ranking


def spaces(people: int = 9, images: int = 6, seed: int = 0) -> tuple[Features, Features]:
    """New and old vectors of the same images: the old space is the new one turned, and noisy."""
    g = torch.Generator().manual_seed(seed)
    ids = torch.arange(people).repeat_interleave(images) * 3 + 2
    cams = torch.arange(len(ids)) % 3
    order = torch.randperm(len(ids), generator=g)
    centres = torch.randn(people, 12, generator=g)[torch.arange(people).repeat_interleave(images)]
    turn = torch.linalg.qr(torch.randn(12, 12, generator=g))[0]
    new = (centres + 0.2 * torch.randn(centres.shape, generator=g))[order]
    old = (centres @ turn + 0.3 * torch.randn(centres.shape, generator=g))[order]
    keys = [str(i) for i in order.tolist()]
    return Features(new, ids[order], cams[order], "new", keys), Features(old, ids[order], cams[order], "old", keys)


def test_a_head_learns_the_old_space_and_stays_good_by_itself() -> None:
    new, old = spaces()
    before = evaluate_ranking(new, old).mAP
    head, history = train_head(new, old, METHODS["contrastive"](), batch=(4, 3), epochs=3, steps=20, lr=5e-2)
    turned = head.apply_to(new)
    assert evaluate_ranking(turned, old).mAP > max(0.7, before + 0.2)
    assert evaluate_ranking(turned, turned).mAP > 0.9
    assert len(history) == 3 and history["compatibility"].is_monotonic_decreasing
    assert turned.keys == new.keys and torch.equal(turned.ids, new.ids)


def test_agents_and_constants_reach_the_method() -> None:
    new, old = spaces()
    common = {"batch": (2, 3), "epochs": 1, "steps": 4}
    dead = train_head(new, old, METHODS["rbcl"](weight=1, agents=3), **common)[1]["saturation"].item()
    plain = train_head(new, old, METHODS["smooth-ap"](weight=1), **common)[1]["saturation"].item()
    assert dead < plain


def test_one_seed_gives_one_head_and_leaves_the_global_generator_alone() -> None:
    new, old = spaces()
    weights = []
    for seed in (1, 1, 2):
        state = torch.get_rng_state()
        head, _ = train_head(new, old, METHODS["l2"](), batch=(3, 2), epochs=1, steps=3, seed=seed, share=0.7)
        assert torch.equal(state, torch.get_rng_state())
        assert head.classifier.out_features == 6  # 0.7 of 9 people
        weights.append(head.linear.weight.detach())
    assert torch.equal(weights[0], weights[1]) and not torch.allclose(weights[0], weights[2])


def test_bad_input() -> None:
    new, old = spaces()
    with pytest.raises(ValueError, match="same people row by row"):
        train_head(new, old[torch.arange(len(old)).flip(0)], METHODS["l2"]())
    with pytest.raises(ValueError, match="share must lie in"):
        train_head(new, old, METHODS["l2"](), share=0.0)


def test_a_sweep_has_a_row_for_each_head() -> None:
    new, old = spaces()
    half = torch.arange(len(new)) % 2 == 0
    upgraded = CrossTest(old[half], old[~half], new[half], new[~half])
    settings = {"batch": (3, 2), "epochs": 1, "steps": 2, "seeds": (3, 5)}
    table = sweep_heads(new, old, upgraded, "rbcl", [0.5, 2.0], options={"agents": 0}, **settings)
    assert table[["seed", "weight"]].to_numpy().tolist() == [[3, 0.5], [3, 2.0], [5, 0.5], [5, 2.0]]
    assert table[["new_old", "new_new"]].stack().between(0, 100).all() and table["saturation"].between(0, 1).all()
    head, _ = train_head(new, old, METHODS["rbcl"](weight=2.0, agents=0), batch=(3, 2), epochs=1, steps=2, seed=5)
    expected = 100 * evaluate_ranking(head.apply_to(new[half]), old[~half]).mAP
    assert table["new_old"].iloc[-1] == pytest.approx(expected)
    alone = sweep_heads(new, old, upgraded, "independent", [0.0], **settings)
    assert alone["saturation"].isna().all()
