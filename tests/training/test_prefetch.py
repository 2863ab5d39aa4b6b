"""Prefetch: the same items in the same order, one ahead, errors in their place."""

import threading

import pytest

from rbcl_lite.training.prefetch import prefetch


@pytest.mark.parametrize("ahead", [False, True])
def test_each_item_once_and_in_order(ahead):
    assert list(prefetch(iter(range(7)), lambda x: 10 * x, ahead)) == [10 * x for x in range(7)]
    assert list(prefetch([], lambda x: x, ahead)) == []


def test_one_ahead_and_no_more():
    asked, threads = [], set()

    def items():
        for x in range(5):
            asked.append(x)
            yield x

    def make(x):
        threads.add(threading.current_thread().name)
        return x

    for x in prefetch(items(), make, ahead=True):
        assert asked[-1] == min(x + 1, 4)
    assert all(name.startswith("prefetch") for name in threads)


@pytest.mark.parametrize("ahead", [False, True])
def test_an_error_comes_at_its_own_step(ahead):
    def make(x):
        if x == 2:
            raise OSError("image 2 cannot be read")
        return x

    seen = []
    with pytest.raises(OSError, match="image 2"):
        for x in prefetch(range(5), make, ahead):
            seen.append(x)
    assert seen == [0, 1]


def test_a_caller_that_stops_leaves_no_thread():
    before = threading.active_count()
    for _ in prefetch(range(100), lambda x: x, ahead=True):
        break
    assert threading.active_count() == before
