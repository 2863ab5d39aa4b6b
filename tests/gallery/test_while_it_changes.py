"""Readers in threads and in processes while a writer adds, removes and backfills; and a writer that is killed."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from conformance import DIM, GOOD

from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery
from rbcl_lite.gallery.layout import Limits

ROOT = Path(__file__).parents[2]
LIMITS = Limits(tail=60, flat=200, recall=1.0)
BLOCK, BLOCKS, VERSIONS = 30, 8, 4


def block(number: int, version: int) -> Features:
    """A batch of images; person is the number of the batch."""
    r = np.random.default_rng([number, version])
    vectors = torch.from_numpy(r.normal(size=(BLOCK, DIM)).astype(np.float32))
    return Features(vectors, [number] * BLOCK, None, f"v{version}", [f"{number}/{i}" for i in range(BLOCK)])


@pytest.fixture
def path(tmp_path) -> Path:
    pytest.importorskip("faiss")
    with Gallery(tmp_path / "g", dim=DIM, limits=LIMITS) as gallery:
        for v in range(VERSIONS):
            gallery.register(f"v{v}", {f"v{w}": GOOD for w in range(v)})
        for number in range(BLOCKS):
            gallery.add(block(number, 0))
    return tmp_path / "g"


def look(gallery: Gallery, state: dict[str, int]) -> None:
    """One search over everything: each batch is whole, of one version, and never goes back to an older one."""
    query = Features(torch.ones(1, DIM), [-1], model=f"v{VERSIONS - 1}")
    hits = gallery.search(query, BLOCK * BLOCKS + 50, exact=state["looks"] % 2 == 0)
    state["looks"] += 1
    for number in range(BLOCKS):
        versions = hits.versions[0][hits.persons[0] == number]
        if len(versions) not in (0, BLOCK) or len(set(versions)) > 1:
            state["mixed"] += 1
    assert hits.generation >= state["generation"]
    state["generations"] += hits.generation > state["generation"]
    state["generation"] = hits.generation


def fresh() -> dict[str, int]:
    return dict.fromkeys(["looks", "mixed", "generation", "generations"], 0)


def watch(path: Path, stop, out) -> None:
    """A reading process."""
    torch.set_num_threads(1)
    state = fresh()
    with Gallery.open(path) as gallery:
        out.put("ready")
        while not stop.is_set():
            look(gallery, state)
    out.put(state)


def change(gallery: Gallery) -> None:
    for version in range(1, VERSIONS):
        for number in range(BLOCKS):
            gallery.backfill(block(number, version))
    gallery.remove(block(3, 0).keys)
    gallery.save()
    gallery.add(block(3, 2))


def test_threads_that_read_while_one_writes(path):
    with Gallery(path, dim=DIM, limits=LIMITS) as gallery:
        states, failed, stop = [fresh() for _ in range(3)], [], threading.Event()

        def read(state):
            try:
                while not stop.is_set():
                    look(gallery, state)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=read, args=(s,)) for s in states]
        for thread in threads:
            thread.start()
        change(gallery)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failed
        assert len(gallery) == BLOCK * BLOCKS and gallery.report().versions[f"v{VERSIONS - 1}"] == BLOCK * (BLOCKS - 1)
    assert all(s["looks"] > 10 and s["generations"] > 5 and s["mixed"] == 0 for s in states), states


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
def test_processes_that_read_while_one_writes(path):
    context = multiprocessing.get_context("fork")
    stop, out = context.Event(), context.Queue()
    readers = [context.Process(target=watch, args=(path, stop, out)) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert [out.get(timeout=60) for _ in readers] == ["ready", "ready"]
    with Gallery(path, dim=DIM, limits=LIMITS) as gallery:
        change(gallery)
    stop.set()
    states = [out.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert all(s["looks"] > 10 and s["generations"] > 5 and s["mixed"] == 0 for s in states), states


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
def test_a_gallery_does_not_cross_a_fork(path):
    with Gallery.open(path) as gallery:
        context = multiprocessing.get_context("fork")
        out = context.Queue()

        def use():
            try:
                gallery.report()
            except OSError as error:
                out.put(str(error))

        child = context.Process(target=use)
        child.start()
        assert "was opened by another process; open it in this one again" in out.get(timeout=60)
        child.join()


@pytest.mark.parametrize("shared", [False, True])
def test_two_writers_take_turns(path, shared):
    """Each adds its own keys; the same key twice is refused to one of them."""
    refused = []
    one = Gallery(path, dim=DIM, limits=LIMITS) if shared else None

    def write(first):
        with contextlib.nullcontext(one) if one else Gallery(path, dim=DIM, limits=LIMITS) as gallery:
            for number in range(first, first + 6):
                gallery.add(block(number, 1))
            try:
                gallery.add(block(500, 1))
            except ValueError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=write, args=(first,)) for first in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if one:
        one.close()
    with Gallery.open(path) as gallery:
        assert len(gallery) == BLOCK * (BLOCKS + 13)
    assert len(refused) == 1 and "'500/0' is in the gallery already" in refused[0]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
def test_ten_kills(path):
    """The benchmark of kills, small: it ends with an error where a vector is lost or a batch is mixed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gallery_kills.py"), "--kills", "10", "--longest", "0.5"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["kills"] == 10 and sum(said["acknowledged_steps"].values()) >= 5
    assert said["lost"] == said["mixed"] == said["wrong_vectors"] == said["wrong_index"] == 0
