"""The table of temperatures is the loss, its gradient and its dead pairs, query by query."""

from __future__ import annotations

import pytest
import torch

from rbcl_lite.experiments.close_up.surrogate import surrogate_table
from rbcl_lite.features import Features
from rbcl_lite.losses.list_ap import list_ap
from rbcl_lite.losses.similarity_gradient import ACTIVE
from rbcl_lite.metrics import evaluate_ranking


def some(number: int, seed: int) -> Features:
    g = torch.Generator().manual_seed(seed)
    ids, cams = torch.arange(number) % 3, torch.randint(0, 2, (number,), generator=g)
    return Features(torch.randn(number, 5, generator=g), ids, cams)


def test_against_a_loop_over_the_definition() -> None:
    query, gallery, tau = some(5, 0), some(13, 1), 0.1
    assert query.cams is not None and gallery.cams is not None
    values, pulls, dead = [], [], []
    for q in range(len(query)):
        keep = ~((gallery.ids == query.ids[q]) & (gallery.cams == query.cams[q]))
        right = (gallery.ids == query.ids[q])[keep]
        if not right.any():
            continue
        f = query.vectors[q].double().requires_grad_()
        s = gallery.vectors[keep].double() @ (f / f.norm())
        ap = list_ap(s, right, tau)
        pulls.append(torch.autograd.grad(ap, f)[0].norm().item())
        values.append(ap.item())
        dead += [bool(((s[~right] - p).abs() > ACTIVE * tau).all()) for p in s[right]]
    row = surrogate_table(query, gallery, [tau]).loc[tau]
    assert row["smooth mAP in %"] == pytest.approx(100 * sum(values) / len(values))
    assert row["gradient per query"] == pytest.approx(sum(pulls) / len(values), rel=1e-4)
    assert row["dead pairs in %"] == pytest.approx(100 * sum(dead) / len(dead), abs=1e-3)


def test_a_small_temperature_comes_to_the_exact_map() -> None:
    query, gallery = some(6, 2), some(20, 3)
    table = surrogate_table(query, gallery, [0.1, 1e-6])
    assert table["smooth mAP in %"].iloc[1] == pytest.approx(100 * evaluate_ranking(query, gallery).mAP, abs=1e-3)


def test_cameras_are_needed() -> None:
    with pytest.raises(ValueError, match="cameras"):
        surrogate_table(Features(torch.eye(2), [0, 1]), some(4, 0), [0.1])
