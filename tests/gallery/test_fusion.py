"""Fusion: an order within a version never changes, and two scales become one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rbcl_lite.gallery.fusion import fuse, quantile_norm, z_norm

R = np.random.default_rng(0)
STRANGERS = R.gamma(2.0, 0.1, 4000).astype(np.float32)  # not symmetric


@pytest.mark.parametrize("fit", [z_norm, quantile_norm])
def test_strictly_increasing_even_far_outside(fit) -> None:
    scores = np.linspace(-1.5, 2.5, 1000)
    assert (np.diff(fit(STRANGERS)(scores)) > 0).all()


@pytest.mark.parametrize("fit", [z_norm, quantile_norm])
def test_a_shift_and_a_stretch_of_one_version_are_forgotten(fit) -> None:
    scores = R.normal(0.4, 0.4, 50)
    plain, moved = fit(STRANGERS)(scores), fit(3 * STRANGERS - 1)(3 * scores - 1)
    np.testing.assert_allclose(plain, moved, rtol=1e-4, atol=1e-4)


def test_strangers_become_normal() -> None:
    found = quantile_norm(STRANGERS)(STRANGERS)
    assert abs(found.mean()) < 0.02 and abs(found.std() - 1) < 0.02
    assert abs(stats.skew(z_norm(STRANGERS)(STRANGERS))) > 1 > 0.1 > abs(stats.skew(found))


def test_fuse_takes_each_column_from_its_version() -> None:
    scores = {v: R.normal(size=(4, 6)) for v in ("old", "new", "newest")}
    versions = np.array(["new", "old", "new", "newest", "old", "old"])
    norm = {"old": z_norm(STRANGERS)}
    found = fuse(scores, versions, norm)
    for i in range(4):
        for j, v in enumerate(versions):
            expected = scores[v][i, j] if v != "old" else norm["old"](scores[v][i, j])
            assert found[i, j] == expected
    with pytest.raises(ValueError, match="no scores for vectors of version 'older'; there are old, new, newest"):
        fuse(scores, np.array(["older"] * 6))


def test_strangers_that_say_nothing() -> None:
    for fit in (z_norm, quantile_norm):
        with pytest.raises(ValueError, match="5 scores of strangers, all alike"):
            fit(np.full(5, 0.3))
