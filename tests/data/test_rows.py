"""A part of a large memory map stays on disk, and is the part that a copy would be."""

import numpy as np
import pytest

from rbcl_lite.data import rows
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.rows import Rows, choose


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (30, 4, 2, 3), dtype=np.uint8))
    return np.load(tmp_path / "x.npy", mmap_mode="r")


@pytest.fixture
def large(monkeypatch):
    """Everything above 10 images counts as large."""
    monkeypatch.setattr(rows, "IN_MEMORY", 10 * 4 * 2 * 3)


def test_every_way_to_read(mapped):
    index = np.array([5, 29, 0, 7, 7])
    chosen, copy = Rows(mapped, index), np.array(mapped)[index]
    assert chosen.shape == copy.shape and chosen.dtype == copy.dtype and len(chosen) == 5
    for key in (2, slice(None), slice(1, 9), np.array([4, 0]), np.array([], np.int64), np.arange(5) % 2 == 0):
        np.testing.assert_array_equal(chosen[key], copy[key])
    np.testing.assert_array_equal(np.asarray(chosen), copy)


def test_only_large_parts_of_memory_maps_stay_on_disk(mapped, large):
    assert isinstance(choose(mapped, np.arange(11)), Rows)
    assert isinstance(choose(mapped, np.arange(10)), np.ndarray)
    assert isinstance(choose(np.array(mapped), np.arange(30)), np.ndarray), "it is in memory already"
    part = choose(mapped, np.arange(29, -1, -2))
    again = choose(part, np.array([2, *range(12)]))
    assert isinstance(again, Rows) and again.array is mapped, "no chain of parts of parts"
    np.testing.assert_array_equal(again[:], np.array(mapped)[29::-2][[2, *range(12)]])
    assert isinstance(choose(part, np.array([1, 3])), np.ndarray)


def test_a_data_set_on_disk_is_one_in_memory(mapped, large):
    ids, keys = np.repeat(np.arange(10), 3), [str(i) for i in range(30)]
    on_disk, in_memory = (ReIDDataset(x, ids, None, keys, "toy") for x in (mapped, np.array(mapped)))
    for part in (lambda d: d.select([9, 1, 2, 5, 7]), lambda d: d.share(0.5), lambda d: d.share(0.9).select([3, 0])):
        a, b = part(on_disk), part(in_memory)
        assert a.keys == b.keys and a.size == b.size and len(a) == len(b)
        assert isinstance(a.images, Rows) == (len(a) > 10)
        for index in (slice(3, 6), np.array([1, 0, 2])):
            assert a.inputs(index).equal(b.inputs(index))
