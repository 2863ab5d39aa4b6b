"""The choice of a weight."""

import pytest

from rbcl_lite.experiments.choice import choose_weight, next_weight


def record(weight: float, new_old: float, new_new: float) -> dict:
    return {"weight": weight, "validation": {"new_old": new_old, "new_new": new_new}}


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(1, 30, 80), (4, 35, 79), (16, 36, 60)], 4),  # the best one that costs at most 2 points
        ([(1, 30, 78.5), (4, 29, 90)], 1),  # exactly 2 points is still allowed
        ([(1, 30, 70), (4, 35, 60)], 1),  # none is fair: the one that costs least
    ],
)
def test_choose_weight(runs: list[tuple], expected: float) -> None:
    assert choose_weight([record(*r) for r in runs], record(0, 1, 80.5)) == expected


def test_choice_never_sees_test_people() -> None:
    runs = [record(1, 30, 80) | {"test": {"new_old": 99, "new_new": 99}}, record(2, 31, 80) | {"test": {"new_old": 0}}]
    assert choose_weight(runs, record(0, 1, 80)) == 2


@pytest.mark.parametrize(
    ("weights", "chosen", "limit", "wanted"),
    [
        ([1, 2, 4], 2, None, None),
        ([1, 2, 4], 4, None, 8),
        ([4, 1, 2], 1, None, 0.5),  # in the order in which they were tried
        ([0.2, 0.5], 0.5, 0.9, None),
        ([0.2, 0.4], 0.4, 0.9, 0.8),
        ([1], 1, None, 2),
    ],
)
def test_a_list_grows_where_the_choice_is_an_end(
    weights: list[float], chosen: float, limit: float | None, wanted: float | None
) -> None:
    assert next_weight(weights, chosen, limit) == wanted
