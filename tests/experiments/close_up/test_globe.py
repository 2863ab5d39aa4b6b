"""Mixed features on a globe: what the classifier holds, the new vectors follow."""

from __future__ import annotations

import pytest
import torch

from rbcl_lite.experiments.close_up.globe import (
    PEOPLE,
    WHO,
    angle,
    centre_and_width,
    compare_teachers,
    off_by,
    old_cloud,
    on_globe,
    rank_correlation,
    train_on_globe,
)


def test_places_and_clouds_have_length_one() -> None:
    centres = on_globe([0.1, -2.0, 3.0, 1.0, 2.0], [0.3, -0.4, 0.0, 1.0, -1.0])
    cloud = old_cloud(centres, [0.2] * PEOPLE)
    for x in (centres, cloud):
        assert torch.allclose(x.norm(dim=1), torch.ones(len(x)))
    assert torch.equal(cloud, old_cloud(centres, [0.2] * PEOPLE))
    assert not torch.equal(cloud, old_cloud(centres, [0.2] * PEOPLE, seed=1))
    assert (old_cloud(centres, [0.0] * PEOPLE) - centres[WHO]).abs().max() < 1e-6


def test_width_is_that_of_a_slow_loop() -> None:
    x = torch.randn(11, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 2, 1, 0, 2, 2, 1, 0, 0, 2, 2])
    centre, width = centre_and_width(x, labels)
    for person in range(3):
        own = x[labels == person]
        mean = torch.stack([v / v.norm() for v in own]).mean(0)
        mean = mean / mean.norm()
        degrees = [torch.rad2deg(torch.acos(torch.dot(v / v.norm(), mean))).item() for v in own]
        assert width[person].item() == pytest.approx(sum(degrees) / len(degrees), rel=1e-3)
        assert torch.allclose(centre[person], mean, atol=1e-5)


def test_new_vectors_come_to_the_old_ones_only_where_they_are_mixed() -> None:
    stored = old_cloud(on_globe([-2.4, -1.5, -0.5, 0.9, 2.3], [0.5, -0.6, 0.6, -0.3, 0.4]), [0.12] * PEOPLE)
    apart, mixed = (off_by(train_on_globe(stored, ratio, steps=200)[-1][0], stored).mean() for ratio in (0.0, 0.3))
    assert mixed < 20 < 60 < apart


def test_mixing_averages_the_noise_that_imitation_repeats() -> None:
    table = compare_teachers([0.4], seeds=1)
    assert table.loc[0.4, "mixing"] > table.loc[0.4, "imitation"]
    assert table.loc[0.4, "spread"] < table.loc[0.4, "old spread"]


def test_rank_correlation() -> None:
    x = torch.arange(30.0)
    rho, low, high = rank_correlation(x, x**3)
    assert rho == pytest.approx(1) and 0.9 < low < high
    noise = torch.tensor([0.0, 1.0] * 15)
    rho, low, high = rank_correlation(x, noise)
    assert low < 0 < high and low < rho < high
    assert rank_correlation(x[:3], x[:3]) == rank_correlation(x, torch.ones(30)) == (0.0, -1.0, 1.0)


def test_angle_of_opposite_vectors() -> None:
    assert angle(torch.tensor([[1.0, 0.0]]), torch.tensor([[-2.0, 0.0]])).item() == pytest.approx(180)
