"""The independent model turned onto the old space."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import NEW, OLD
from stranger import OLD_WIDTH, WIDTH, stored

from rbcl_lite.base.scale import Scale
from rbcl_lite.experiments.measure import measure, scores
from rbcl_lite.experiments.rotation import fit_rotation, rotate, rotated
from rbcl_lite.features import Features
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.run_or_load import run_or_load


def test_a_turn_is_found_again() -> None:
    new, _ = stored()
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(5)))[0]
    old = Features(new.vectors @ turn, new.ids, new.cams, "old", new.keys)
    found = fit_rotation(new, old)
    torch.testing.assert_close(found, turn, atol=1e-5, rtol=0)
    torch.testing.assert_close(rotate(new, found).vectors, old.vectors, atol=1e-5, rtol=0)


def test_no_orthogonal_matrix_is_nearer() -> None:
    new, old = stored()
    found = fit_rotation(new, old)
    torch.testing.assert_close(found @ found.T, torch.eye(OLD_WIDTH), atol=1e-5, rtol=0)
    cut = new.vectors[:, :OLD_WIDTH]
    best = (cut @ found - old.vectors).square().sum()
    g = torch.Generator().manual_seed(0)
    for size in (1e-3, 1e-2, 1.0):
        for _ in range(20):
            skew = torch.randn(OLD_WIDTH, OLD_WIDTH, generator=g)
            other = found @ torch.linalg.matrix_exp(size * (skew - skew.T))
            assert (cut @ other - old.vectors).square().sum() >= best


def test_turning_moves_towards_the_old_space_and_changes_nothing_within() -> None:
    new, old = stored()
    square = Features(new.vectors[:, :OLD_WIDTH], new.ids, new.cams, "new", new.keys)
    turned = rotate(square, fit_rotation(square, old))
    assert evaluate_ranking(turned, old).mAP > 0.5 > evaluate_ranking(square, old).mAP
    assert evaluate_ranking(turned, turned).mAP == pytest.approx(evaluate_ranking(square, square).mAP, abs=1e-5)
    assert turned.keys == new.keys and torch.equal(turned.ids, new.ids)


def test_other_images_are_refused() -> None:
    new, old = stored()
    with pytest.raises(ValueError, match="same images row by row"):
        fit_rotation(new, old[torch.arange(len(old)).flip(0)])


@pytest.mark.parametrize("width", [4, OLD_WIDTH, WIDTH])
def test_at_any_width_nothing_changes_within(width: int) -> None:
    new, old = stored()
    new = Features(new.vectors[:, :width], new.ids, new.cams, "new", new.keys)
    turned = rotate(new, fit_rotation(new, old))
    assert turned.dim == max(width, OLD_WIDTH)
    torch.testing.assert_close(turned.vectors @ turned.vectors.T, new.vectors @ new.vectors.T, atol=1e-5, rtol=0)
    fit = turned.fit(old.dim)  # what searches the old gallery: the turned coordinates that both have
    by_hand = Features(new.fit(old.dim).vectors @ fit_rotation(new, old), new.ids)
    torch.testing.assert_close(fit.vectors, by_hand.vectors, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dim", [4, 8, 16])
def test_the_cross_test_of_runs(tiny_world: Scale, tmp_path: Path, dim: int) -> None:
    old = run_or_load(OLD, folder=tmp_path)
    new = run_or_load(
        replace(NEW, method="independent", model=EmbedderConfig("tiny", dim=dim), train=replace(NEW.train, seed=4)),
        folder=tmp_path,
    )
    before = measure(old, new)
    after = rotated(before, old, new)
    assert after.old_query is before.old_query and after.old_gallery is before.old_gallery
    plain, turned = scores(before), scores(after)
    for name in ("old_old", "old_old_rank1", "new_new", "new_new_rank1"):
        assert turned[name] == pytest.approx(plain[name], abs=0.011)
    train = new.config.splits().train
    close = [
        (v.fit(8).vectors * old.extract(train).vectors).sum(1).mean()
        for v in (rotate(new.extract(train), fit_rotation(new.extract(train), old.extract(train))), new.extract(train))
    ]
    assert close[0] > close[1] + 0.1


def test_an_old_model_that_reads_another_size(tiny_world: Scale, tmp_path: Path) -> None:
    old = run_or_load(replace(OLD, size=(16, 8)), folder=tmp_path)
    new = run_or_load(replace(NEW, method="independent", share=0.5), folder=tmp_path)
    before = measure(old, new)
    assert rotated(before, old, new).new_new.mAP == pytest.approx(before.new_new.mAP, abs=1e-4)
