"""The chance level is the mean over random orders."""

import itertools
import math

import numpy as np
import pytest
import torch

from rbcl_lite.experiments.close_up.chance import chance_ap, chance_map
from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_distances


@pytest.mark.parametrize(("positives", "size"), [(1, 1), (1, 5), (2, 6), (3, 5), (4, 4)])
def test_mean_over_all_orders(positives: int, size: int) -> None:
    aps = []
    for places in itertools.combinations(range(1, size + 1), positives):
        aps.append(sum(j / rank for j, rank in enumerate(places, 1)) / positives)
    assert chance_ap(positives, size) == pytest.approx(sum(aps) / len(aps))


@pytest.mark.parametrize("positives", [0, 4])
def test_impossible_galleries(positives: int) -> None:
    with pytest.raises(ValueError, match=f"{positives} positives in a gallery of 3"):
        chance_ap(positives, 3)


def test_map_leaves_out_what_the_camera_rule_leaves_out() -> None:
    ids, cams = [1, 1, 1, 2, 3, 3, 4], [0, 1, 2, 0, 0, 1, 1]
    gallery = Features(torch.randn(7, 4, generator=torch.Generator().manual_seed(0)), ids, cams)
    query = Features(torch.eye(4)[:3], ids=[1, 3, 9], cams=[0, 0, 0])
    rng = np.random.default_rng(0)
    drawn = [
        evaluate_distances(rng.random((3, 7)), query.ids, gallery.ids, query.cams, gallery.cams).mAP
        for _ in range(3000)
    ]
    assert chance_map(query, gallery) == pytest.approx(np.mean(drawn), abs=0.01)
    assert chance_map(query, gallery) == pytest.approx((chance_ap(2, 6) + chance_ap(1, 6)) / 2)
    unknown = Features(torch.eye(4)[:1], ids=[1])
    assert chance_map(unknown, gallery) == pytest.approx(chance_ap(3, 7))
    assert math.isnan(chance_map(Features(torch.eye(4)[:1], ids=[9]), gallery))
