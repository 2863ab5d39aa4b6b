"""Orders of a backfill against loops written from their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from two_models import two_models

from rbcl_lite.gallery.orders import by_camera, least_certain, most_searched, random_order, worst_placed
from rbcl_lite.gallery.records import Hits


def found(keys: list[list[str]], scores: list[list[float]], persons: list[list[int]]) -> Hits:
    shape = np.shape(keys)
    return Hits(
        np.array(keys, object), np.array(scores), np.array(persons), np.zeros(shape), np.zeros(shape), np.array(keys)
    )


def values(order: list[str], value: dict[str, float]) -> list[float]:
    return [value[key] for key in order]


@pytest.fixture(scope="module")
def world() -> tuple[list[str], Hits, np.ndarray]:
    upgrade = two_models()
    log = upgrade.log(upgrade.own_scores["old"], 5)
    return list(upgrade.new_gallery.keys or ()), log, upgrade.new_query.ids.numpy()


def test_every_order_names_each_image_once_and_depends_on_the_seed(world: tuple) -> None:
    keys, log, asked = world
    persons = np.arange(len(keys)) // 6
    for order in (
        lambda s: random_order(keys, seed=s),
        lambda s: most_searched(keys, log, seed=s),
        lambda s: least_certain(keys, log, seed=s),
        lambda s: by_camera(keys, np.arange(len(keys)) % 3, seed=s),
        lambda s: worst_placed(keys, persons, log, asked, seed=s),
    ):
        assert sorted(order(0)) == sorted(keys) and order(0) == order(0)
        assert order(0) != order(1)  # ties are broken by the seed


def test_most_searched_counts_listings(world: tuple) -> None:
    keys, log, _ = world
    weights = np.random.default_rng(0).random(len(log))
    counts = dict.fromkeys(keys, 0.0)
    for row, weight in zip(log.keys, weights):
        for key in row:
            counts[key] += weight
    in_order = values(most_searched(keys, log, weights=weights), counts)
    assert in_order == sorted(in_order, reverse=True) and len(set(in_order)) > 3


def test_least_certain_by_the_margin_to_the_first_stranger(world: tuple) -> None:
    keys, log, _ = world
    certain = dict.fromkeys(keys, np.inf)
    for row, scores, persons in zip(log.keys, log.scores, log.persons):
        stranger = next((i for i, p in enumerate(persons) if p != persons[0]), None)
        if stranger is None:
            continue
        for key in row[: stranger + 1]:
            certain[key] = min(certain[key], scores[0] - scores[stranger])
    in_order = values(least_certain(keys, log), certain)
    assert in_order == sorted(in_order) and len(set(in_order)) > 3


def test_hits_that_nobody_named_are_strangers() -> None:
    log = found([["a", "b"], ["c", "d"]], [[0.9, 0.2], [0.9, 0.8]], [[-1, -1], [-1, -1]])
    assert set(least_certain(["a", "b", "c", "d"], log)[:2]) == {"c", "d"}


def test_worst_placed_by_the_mean_rank_for_the_own_person() -> None:
    keys, persons = ["a", "b", "c", "d"], np.array([1, 1, 2, 3])
    log = found([["a", "c", "b"], ["c", "a", ""]], [[3, 2, 1], [2, 1, -np.inf]], [[1, 2, 1], [2, 1, -1]])
    # person 1 asked twice: a has ranks 1, 2; b has ranks 3 and 4 (not listed). Nobody asked for 2 and 3.
    assert worst_placed(keys, persons, log, np.array([1, 1]))[:2] == ["b", "a"]


def test_cameras_in_the_order_that_is_given() -> None:
    keys, cams = list("abcdef"), np.array([0, 1, 2, 0, 1, 2])
    turn = [cams[keys.index(k)] for k in by_camera(keys, cams, cameras=[2])]
    assert turn == [2, 2, 0, 0, 1, 1]
    with pytest.raises(ValueError, match="camera 7 has no image here"):
        by_camera(keys, cams, cameras=[7])


def test_bad_inputs(world: tuple) -> None:
    keys, log, asked = world
    with pytest.raises(ValueError, match="1 keys occur twice"):
        most_searched([*keys, keys[0]], log)
    with pytest.raises(ValueError, match=r"weights must be \[21\]"):
        most_searched(keys, log, weights=np.ones(3))
    with pytest.raises(ValueError, match="persons must be"):
        worst_placed(keys, np.zeros(2), log, asked)
    with pytest.raises(ValueError, match="cams must be"):
        by_camera(keys, np.zeros(2))
