"""The gallery behind a Milvus server does what every gallery has to do, and loses nothing to a kill.

``RBCL_MILVUS`` names the program ``milvus-server``; without it these tests are skipped, or fail
where ``RBCL_MILVUS_REQUIRED`` is set.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conformance import DIM, GOOD, Conformance, people
from milvus_server import MilvusServer

from rbcl_lite.commands.cli import main
from rbcl_lite.gallery import Gallery
from rbcl_lite.gallery import milvus as module
from rbcl_lite.gallery import milvus_rows as rows
from rbcl_lite.gallery.milvus import MilvusGallery
from rbcl_lite.gallery.milvus_index import Index
from rbcl_lite.gallery.milvus_schema import alive, read_state


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    program = os.environ.get("RBCL_MILVUS")
    if not program or not Path(program).is_file():
        message = f"no Milvus server: RBCL_MILVUS is {program!r}; make milvus installs one and runs these tests"
        if os.environ.get("RBCL_MILVUS_REQUIRED"):
            pytest.fail(message)
        pytest.skip(message)
    running = MilvusServer(Path(program), tmp_path_factory.mktemp("milvus"))
    running.start()
    yield running
    running.close()


@pytest.fixture
def name(server):
    """An empty collection; to make one takes the server seconds, so all tests have the same."""
    with MilvusGallery(server.url, DIM, name="shared") as gallery:
        rows.delete(gallery._client, "shared", "born >= 0")
        gallery._client.delete("shared_state", ids=[0])
    return "shared"


class TestMilvus(Conformance):
    @pytest.fixture
    def make(self, server, name):
        return lambda: Gallery.connect(server.url, DIM, name=name)


def test_it_opens_again_and_knows_its_width(server, name):
    with pytest.raises(FileNotFoundError, match=f"no gallery 'none' at {server.url}"):
        MilvusGallery(server.url, name="none")
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        gallery.add(people(30))
    with MilvusGallery(server.url, name=name) as gallery:
        assert gallery.dim == DIM and len(gallery) == 30
    with pytest.raises(ValueError, match=f"holds vectors of {DIM} dimensions, not 8"):
        MilvusGallery(server.url, 8, name=name)


def test_no_server():
    with pytest.raises(ConnectionError, match=r"no Milvus server answers at http://127.0.0.1:9 .* check the address"):
        MilvusGallery("http://127.0.0.1:9", DIM)


@pytest.mark.parametrize("act", ["add", "backfill", "remove"])
@pytest.mark.parametrize("step", ["insert", "retire", "write_state"])
def test_a_change_that_breaks_off_never_was(server, name, monkeypatch, act, step):
    """The writer dies after half of a step; the next one takes back what it left, and then does its own work."""
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        gallery.add(people(40))
        gallery.register("new", {"old": GOOD})
        before = gallery.search(people(4, "new", seed=3), 40)

        def broken(*arguments):
            if step != "write_state":
                client, collection, work, generation = arguments
                half = work[: len(work) // 2] if step == "retire" else part_of(work)
                real(client, collection, half, generation)
            raise KeyboardInterrupt

        where = module if step == "write_state" else rows
        real = getattr(where, step)
        with monkeypatch.context() as patch:
            patch.setattr(where, step, broken)
            if (act, step) in {("add", "retire"), ("remove", "insert")}:
                pytest.skip("has no such step")
            with pytest.raises(KeyboardInterrupt):
                do(gallery, act)
        for _ in range(2):
            again = gallery.search(people(4, "new", seed=3), 40)
            assert again.keys.tolist() == before.keys.tolist() and again.versions.tolist() == before.versions.tolist()
    with MilvusGallery(server.url, name=name) as gallery:  # another writer
        do(gallery, act)
        assert len(gallery) == {"add": 60, "backfill": 40, "remove": 20}[act]
        found = gallery.search(people(4, "new", seed=3), 60)
        assert len(set(found.keys[0][found.found[0]].tolist())) == found.found[0].sum()
        state = read_state(gallery._client, name)
        assert rows.count(gallery._client, name, alive(state.generation + 1)) == len(gallery)  # nothing lies in wait


def part_of(batch):
    return type(batch)(*(column[: len(batch) // 2] for column in list(vars(batch).values())[:-1]), batch.version)


def do(gallery, act):
    if act == "add":
        gallery.add(people(20, "new", first=40))
    elif act == "backfill":
        gallery.backfill(people(20, "new", seed=1))
    else:
        gallery.remove([f"{i}.png" for i in range(20)])


def test_readers_see_whole_batches_while_a_backfill_runs(server, name):
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        gallery.add(people(40))
        gallery.register("new", {"old": GOOD})
        seen, stop = [], threading.Event()

        def read():
            with MilvusGallery(server.url, name=name) as reader:
                while not stop.is_set():
                    hits = reader.search(people(1, "new", seed=4, first=300), 40, camera_rule=False)
                    seen.append((int(hits.found.sum()), int((hits.versions == "new").sum())))

        reader = threading.Thread(target=read)
        reader.start()
        for start in range(0, 40, 10):
            count, end = len(seen), time.monotonic() + 60
            gallery.backfill(people(10, "new", first=start, seed=1))
            while len(seen) == count and reader.is_alive() and time.monotonic() < end:
                time.sleep(0.01)  # a busy machine may read more rarely than it writes
        stop.set()
        reader.join()
        assert len(seen) > 2 and {n for n, _ in seen} == {40} and {new % 10 for _, new in seen} == {0}


def test_what_went_is_swept_out_after_a_minute(server, name, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.0)
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        gallery.add(people(40))
        for _ in range(2):
            gallery.backfill(people(40, seed=1))
        gallery.register("new", {"old": GOOD})
        assert rows.count(gallery._client, name, "born >= 0") == len(gallery) == 40


def test_inverted_lists_find_what_an_exact_search_finds(server, monkeypatch):
    name = "inverted"
    monkeypatch.setattr(module, "fitting", lambda vectors: Index(32))
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        gallery.add(people(3000))
        query = people(20, first=5000)
        exact = gallery.search(query, 10).keys
        gallery.save()
        report = gallery.report()
        assert report.index == "Milvus ivf32" and 0.5 < report.recall <= 1
        assert gallery.search(query, 10, exact=True).keys.tolist() == exact.tolist()
        assert np.mean(gallery.search(query, 10).keys == exact) > 0.5
    with MilvusGallery(server.url, name=name) as gallery:
        assert gallery.report().recall == report.recall


def test_the_commands_take_an_address(server, name, tmp_path, capsys):
    people(30).save(tmp_path / "old.safetensors")
    people(5, first=100).save(tmp_path / "query.safetensors")
    place = f"{server.url}/{name}"
    main(["gallery", "build", place, "--features", str(tmp_path / "old.safetensors")])
    main(
        [
            "gallery",
            "search",
            place,
            "--features",
            str(tmp_path / "query.safetensors"),
            "--out",
            str(tmp_path / "h.csv"),
        ]
    )
    main(["gallery", "report", place])
    assert "index: Milvus flat" in capsys.readouterr().out
    with MilvusGallery(server.url, name=name) as gallery:
        expected = gallery.search(people(5, first=100), 10).keys.tolist()
    table = pd.read_csv(tmp_path / "h.csv")
    assert [list(group["key"]) for _, group in table.groupby("query", sort=False)] == expected
    with pytest.raises(SystemExit, match="no gallery 'other' at"):
        main(["gallery", "report", f"{server.url}/other"])


def test_a_key_that_is_too_long(server, name):
    features = people(2)
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        with pytest.raises(ValueError, match="is longer than 512 bytes; nothing was stored"):
            gallery.add(type(features)(features.vectors, features.ids, features.cams, "old", ["a", "ü" * 300]))
        assert len(gallery) == 0


def test_a_server_that_is_killed_while_it_takes_vectors_loses_nothing_that_it_acknowledged(server, name):
    acknowledged = 0
    with MilvusGallery(server.url, DIM, name=name) as gallery:
        timer = threading.Timer(3.0, server.kill)
        timer.start()
        with pytest.raises(Exception):  # noqa: B017 - whatever pymilvus makes of a connection that is gone
            for start in itertools.count(0, 50):
                gallery.add(people(50, first=start))
                acknowledged = start + 50
        timer.join()
    server.start()
    assert acknowledged > 0
    with MilvusGallery(server.url, name=name) as gallery:
        assert len(gallery) in (acknowledged, acknowledged + 50)  # the last one may have counted, unheard
        keys = set(gallery.rows()["key"])
        assert {f"{i}.png" for i in range(acknowledged)} <= keys
        more = people(50, first=len(gallery))
        gallery.add(more)
        fetched = gallery.fetch([f"{i}.png" for i in range(acknowledged)])
        assert np.allclose(fetched.vectors, people(acknowledged).vectors)
