"""Arrays made once and read from disk."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from rbcl_lite.data.cache import cache_dir, cached_array


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path))


def test_where_it_lies(tmp_path, monkeypatch):
    assert cache_dir() == tmp_path
    monkeypatch.delenv("RBCL_CACHE")
    assert cache_dir() == Path.home() / ".cache" / "rbcl_lite"


def test_made_once_per_key():
    made = []

    def make(value):
        made.append(value)
        return np.full((2, 3), value, np.uint8)

    for _ in range(2):
        a = cached_array({"x": 1, "size": (4, 2)}, lambda: make(7))
        b = cached_array({"size": [4, 2], "x": 2}, lambda: make(8))
    assert made == [7, 8]
    assert a.tolist() == [[7] * 3] * 2 and b.tolist() == [[8] * 3] * 2
    assert isinstance(a, np.memmap) and a.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 1


def test_the_order_of_the_key_does_not_matter():
    cached_array({"a": 1, "b": 2}, lambda: np.zeros(1))
    cached_array({"b": 2, "a": 1}, lambda: pytest.fail("made twice"))


def test_made_once_when_several_ask_at_once():
    together, made = Barrier(4), []

    def ask(_):
        together.wait()
        return cached_array({"k": 1}, lambda: made.append(1) or np.arange(1000))

    with ThreadPoolExecutor(4) as pool:
        arrays = list(pool.map(ask, range(4)))
    assert made == [1]
    assert all(np.array_equal(a, np.arange(1000)) for a in arrays)


def test_an_interrupted_write_leaves_no_broken_array(tmp_path, monkeypatch):
    save = np.save

    def cut(file, array):
        file.write(b"\x93NUMPY half of it")
        assert str(os.getpid()) in file.name  # nobody else writes this file
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", cut)
    with pytest.raises(KeyboardInterrupt):
        cached_array({"k": 1}, lambda: np.arange(5))
    assert not list(tmp_path.rglob("*.npy")) and not list(tmp_path.rglob("*.tmp"))
    monkeypatch.setattr(np, "save", save)
    assert cached_array({"k": 1}, lambda: np.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_failure_to_make_is_not_kept():
    def fail():
        raise RuntimeError("no such picture")

    with pytest.raises(RuntimeError, match="no such picture"):
        cached_array({"k": 1}, fail)
    assert cached_array({"k": 1}, lambda: np.ones(1)).tolist() == [1]
