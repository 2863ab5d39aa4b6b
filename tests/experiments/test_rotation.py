"""The independent model turned onto the old space."""

import pytest
import torch
from stranger import OLD_WIDTH, WIDTH, stored

from rbcl_lite.experiments.rotation import fit_rotation, rotate
from rbcl_lite.features import Features
from rbcl_lite.metrics.retrieval import evaluate_ranking


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
