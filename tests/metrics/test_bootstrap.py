"""The bootstrap draws people, with all their queries."""

import numpy as np
import pytest

from rbcl_lite.metrics.bootstrap import bootstrap


def test_as_the_definition_says() -> None:
    values, people = np.array([0.1, 0.9, 0.5, 0.3, 0.2, 0.7]), np.array([4, 9, 4, 4, 2, 9])
    names = sorted(set(people.tolist()))
    picks = np.random.default_rng(3).integers(len(names), size=(20, len(names)))
    slow = []
    for draw in picks:
        drawn = [v for i in draw for v, p in zip(values, people) if p == names[i]]
        slow.append(sum(drawn) / len(drawn))
    assert np.allclose(bootstrap(values, people, draws=20, seed=3), slow)


def test_queries_of_one_person_are_not_independent() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0], 25)
    by_person = bootstrap(values, np.repeat(np.arange(4), 25)).std()
    by_query = bootstrap(values, np.arange(100)).std()
    assert by_person > 3 * by_query


def test_a_group_for_each_value() -> None:
    with pytest.raises(ValueError, match="3 values but 2 groups"):
        bootstrap(np.zeros(3), np.array([1, 2]))
