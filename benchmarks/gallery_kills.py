"""A gallery whose writer is killed, again and again: nothing that it acknowledged may be lost.

    python benchmarks/gallery_kills.py                 # 100 kills; a few minutes
    python benchmarks/gallery_kills.py --kills 10      # a quick look; nothing is written

A child process adds, backfills and removes blocks of images and writes the index; it says so after each step. It is
killed by SIGKILL at a random moment, while this process searches. Then the gallery must hold exactly what all
acknowledged steps made of it, with or without the one that was under way, and its index must find what an exact search
does. A search that sees a part of a block, or a block of two states, counts as mixed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import fix_threads, write_result

from rbcl_lite.base.progress import bar
from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.layout import Limits

DIM, PER_BLOCK, BLOCKS, VERSIONS = 32, 40, 60, 7
LIMITS = Limits(tail=100, flat=600, recall=1.0)  # an inverted file is trained, filled and merged all the time
GOOD = Evidence(0.5, 0.3, "2026-11-27", "declared for the benchmark; the vectors are drawn")
READER = f"v{VERSIONS - 1}"  # may be compared with all versions
STEPS = 2.0**14
Blocks = dict[int, int]  # block to the step that wrote its vectors


def vectors(block: int, step: int) -> Features:
    """A block of images as one step saw them: the first two coordinates tell the step, the version tells it too."""
    r = np.random.default_rng([block, step])
    made = r.normal(size=(PER_BLOCK, DIM)).astype(np.float32)
    made[:, 0], made[:, 1] = 1, step / STEPS
    keys = [f"{block}/{i}" for i in range(PER_BLOCK)]
    return Features(torch.from_numpy(made), [block] * PER_BLOCK, [block % 5] * PER_BLOCK, f"v{step % VERSIONS}", keys)


def planned(step: int, seed: int, there: Blocks) -> tuple[str, int]:
    """What a step does: decided by its number and what is there, so that both processes know it."""
    r = np.random.default_rng([seed, step])
    kinds = ["add", "backfill", "backfill", "remove", "save"]
    absent = [b for b in range(BLOCKS) if b not in there]
    kind = str(r.choice(kinds)) if len(there) > BLOCKS // 2 else "add"
    if kind == "save":
        return kind, -1
    if kind == "add" and not absent:
        kind = "remove"
    return kind, int(r.choice(absent if kind == "add" else list(there)))


def after(step: int, seed: int, there: Blocks) -> Blocks:
    """What is there after a step."""
    kind, block = planned(step, seed, there)
    now = dict(there)
    if kind == "remove":
        del now[block]
    elif kind != "save":
        now[block] = step
    return now


def work(path: Path, first: int, seed: int, there: Blocks, say: Connection) -> None:
    """The child: one step after the other, until it is killed."""
    with Gallery(path, dim=DIM, limits=LIMITS) as gallery:
        for step in range(first, first + 10**6):
            kind, block = planned(step, seed, there)
            if kind == "save":
                gallery.save()
            elif kind == "remove":
                gallery.remove(vectors(block, 0).keys or ())
            else:
                getattr(gallery, kind)(vectors(block, step))
            there = after(step, seed, there)
            say.send((step, kind))


def looked_at(gallery: Gallery) -> int:
    """Blocks of which one search sees a part, or two states."""
    rows = gallery.rows()
    mixed = sum(len(b) != PER_BLOCK or b["version"].nunique() > 1 for _, b in rows.groupby("person"))
    for block in rows["person"].unique()[:5]:
        query = Features(vectors(int(block), 0).vectors[:1], [-1], model=READER)
        hits = gallery.search(query, 2 * PER_BLOCK, where={"person": int(block)})
        seen = set(hits.versions[hits.found])
        mixed += hits.found.sum() not in (0, PER_BLOCK) or len(seen) > 1
    return int(mixed)


def contents(gallery: Gallery) -> tuple[Blocks, int]:
    """Block to step, and how many rows are not what that step wrote, bit by bit."""
    rows = gallery.rows()
    stored = gallery.fetch(rows["key"])
    steps = (stored.vectors[:, 1] / stored.vectors[:, 0] * STEPS).round().int().tolist()
    there = dict(zip(rows["person"].tolist(), steps))
    true = Features.concat([vectors(b, s) for b, s in there.items()]).align(stored) if there else None
    wrong = 0 if true is None else abs(len(stored) - PER_BLOCK * len(there))
    if true is not None:
        same = Features.concat([vectors(b, s) for b, s in there.items()])
        wrong += int((true.vectors != same.vectors).any(dim=1).sum())
    return there, wrong


def index_is_right(gallery: Gallery, seed: int) -> bool:
    """Whether the index finds what an exact search does."""
    queries = torch.from_numpy(np.random.default_rng(seed).normal(size=(20, DIM)).astype(np.float32))
    features = Features(queries, [-1] * 20, model=READER)
    one, two = (gallery.search(features, 10, exact=exact) for exact in (False, True))
    return one.keys.tolist() == two.keys.tolist()


def kill_again_and_again(path: Path, kills: int, seed: int, longest: float) -> dict[str, Any]:
    """Start a child, search, kill it, check; as often as is asked for."""
    context = get_context("fork")  # a child that imports nothing reaches the interesting moments sooner
    r = np.random.default_rng(seed)
    with Gallery(path, dim=DIM, limits=LIMITS) as gallery:
        for v in range(VERSIONS):
            gallery.register(f"v{v}", {f"v{w}": GOOD for w in range(v)})
    there: Blocks = {}
    step, done = 0, Counter[str]()
    record = dict.fromkeys(["lost", "wrong_vectors", "mixed", "wrong_index", "searches", "under_way_was_stored"], 0)
    for _ in bar(range(kills), desc="kills"):
        listen, say = context.Pipe(duplex=False)
        child = context.Process(target=work, args=(path, step, seed, there, say))
        child.start()
        say.close()
        if r.random() < 0.8:  # else it may be killed while it opens
            listen.poll(60)  # until its first step is done, however busy the machine is
        wait = time.monotonic() + r.uniform(0.01, longest)
        with Gallery.open(path) as gallery:
            while time.monotonic() < wait:
                record["mixed"] += looked_at(gallery)
                record["searches"] += 1
        assert child.is_alive(), f"the child ended by itself with {child.exitcode}"
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        while listen.poll():
            try:
                said, kind = listen.recv()
            except EOFError:
                break
            done[kind] += 1
            there, step = after(said, seed, there), said + 1
        with Gallery(path, dim=DIM, limits=LIMITS) as gallery:
            found, wrong = contents(gallery)
            record["wrong_vectors"] += wrong
            record["mixed"] += looked_at(gallery)
            record["wrong_index"] += not index_is_right(gallery, step)
        under_way = after(step, seed, there)
        if found == under_way != there:
            record["under_way_was_stored"] += 1
            there, step = under_way, step + 1
        record["lost"] += sum(found.get(b) != s for b, s in there.items()) + len(set(found) - set(there))
        there = found
    return {"kills": kills, "acknowledged_steps": dict(done), **record}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=1.0, help="seconds from the first step to a kill, at most")
    arguments = parser.parse_args()
    fix_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery"
        record = kill_again_and_again(path, arguments.kills, arguments.seed, arguments.longest)
    print(json.dumps(record))
    for name in ("lost", "wrong_vectors", "mixed", "wrong_index"):
        assert record[name] == 0, f"{name}: {record[name]}"
    if arguments.kills >= 100:
        print("written:", write_result("gallery_kills", record, seed=arguments.seed, packages=["faiss-cpu"]))


if __name__ == "__main__":
    main()
