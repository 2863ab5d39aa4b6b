"""A gallery that is built, opened, searched and backfilled, next to faiss alone.

    python benchmarks/gallery.py                       # 1,000,000 x 256, clustered, then random; two threads
    python benchmarks/gallery.py --size 100000         # a quick look; nothing is written

Clustered: 20 images a person, 200 groups of people. Queries are further images of the same people, one at a time; the
ratio to faiss is taken for batches of 30 too, the two in turn. Every search is timed on its second turn, the gallery's
and faiss's alike; ``first_search_s`` is the first of all.
Recall is against the gallery's own exact search. Memory and the time to open are those of a process that does nothing
else. During the backfill one process writes and this one searches.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch
from common import fix_threads, write_result

from rbcl_lite.base.progress import bar
from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.inverted import Inverted, assign, fill
from rbcl_lite.gallery.trained import read_centres

DIM, K, PER_PERSON, GROUPS, CAMERAS, BATCH = 256, 10, 20, 200, 16, 10_000
GOOD = Evidence(0.5, 0.3, "2026-11-27", "declared for the benchmark; the vectors are drawn")
FILTERS: dict[str, dict[str, Any]] = {
    "plain": {"camera_rule": False},
    "camera rule": {},
    "one camera": {"where": {"camera": 3}},
    "one version": {"where": {"version": "new"}},
    "camera and version": {"where": {"camera": 3, "version": "new"}},
    "a tenth of the time": {"where": {"since": 0.4, "until": 0.5}},
}
OPENER = """
import json, sys, time
import numpy as np, torch
from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery
def memory():
    lines = [line.split() for line in open("/proc/self/status")]
    return {line[0][:-1]: int(line[1]) * 1024 for line in lines if line[0] in ("VmRSS:", "RssAnon:")}
before = memory()
start = time.perf_counter()
gallery = Gallery.open(sys.argv[1])
opened = time.perf_counter() - start
queries = torch.from_numpy(np.load(sys.argv[2]))
first = time.perf_counter()
for i in range(len(queries)):
    gallery.search(Features(queries[i : i + 1], [0], model="new"))
    first = time.perf_counter() - first if i == 0 else first
print(json.dumps({"open_s": opened, "first_search_s": first, "before": before, "after": memory()}))
"""


class Data:
    """Vectors made where they are asked for: number i is always the same."""

    def __init__(self, size: int, random: bool, seed: int) -> None:
        self.size, self.random, self.seed = size, random, seed
        r = np.random.default_rng(seed)
        self.groups = r.normal(size=(GROUPS, DIM)).astype(np.float32)

    def __call__(self, first: int, count: int, model: str = "old", salt: int = 0) -> Features:
        number = np.arange(first, first + count)
        person = number // PER_PERSON % max(1, self.size // PER_PERSON)
        noise = np.random.default_rng([self.seed, first, salt]).normal(size=(count, DIM)).astype(np.float32)
        if self.random:
            vectors = noise
        else:
            own = np.stack([np.random.default_rng([self.seed, 7, p]).normal(size=DIM) for p in np.unique(person)])
            of = np.unique(person, return_inverse=True)[1]
            vectors = self.groups[person % GROUPS] + own.astype(np.float32)[of] + noise
        cams = number * 7 // 3 % CAMERAS
        return Features(torch.from_numpy(vectors), person, cams, model, [f"{n:08d}.jpg" for n in number])

    def queries(self, count: int, seed: int = 1) -> list[Features]:
        people = np.random.default_rng([self.seed, seed]).integers(0, self.size // PER_PERSON, count)
        made = [self(int(p) * PER_PERSON, 1, "new", salt=2) for p in people]
        return [Features(f.vectors, f.ids, f.cams, "new") for f in made]


def joined(queries: list[Features]) -> Features:
    """Several queries as one batch."""
    vectors, ids = torch.cat([q.vectors for q in queries]), torch.cat([q.ids for q in queries])
    return Features(vectors, ids, torch.cat([q.cams for q in queries if q.cams is not None]), queries[0].model)


def quantiles(seconds: list[float]) -> dict[str, float]:
    return {"p50_ms": 1e3 * float(np.quantile(seconds, 0.5)), "p95_ms": 1e3 * float(np.quantile(seconds, 0.95))}


def timed(search: Callable[[Features], Any], queries: list[Features]) -> tuple[dict[str, float], list[Any]]:
    for query in queries:  # the first visit to a page of a mapped file costs more than the search
        search(query)
    seconds, answers = [], []
    for query in queries:
        start = time.perf_counter()
        answers.append(search(query))
        seconds.append(time.perf_counter() - start)
    return quantiles(seconds), answers


def side_by_side(ours: Callable[[Features], Any], theirs: Callable[[Features], Any], queries: list[Features]) -> Any:
    """Two searches of every query in turn, so that a machine whose speed changes changes both."""
    taken: dict[str, list[float]] = {"gallery": [], "faiss": []}
    for turn in range(4):
        for query in queries:
            for name, search in (("gallery", ours), ("faiss", theirs)):
                start = time.perf_counter()
                search(query)
                if turn:
                    taken[name].append(time.perf_counter() - start)
    medians = {f"{name}_p50_ms": 1e3 * float(np.median(seconds)) for name, seconds in taken.items()}
    return {**medians, "ratio": medians["gallery_p50_ms"] / medians["faiss_p50_ms"]}


def recall(found: list[set[Any]], true: list[set[Any]]) -> float:
    return sum(len(f & t) for f, t in zip(found, true)) / max(1, sum(map(len, true)))


def keys(hits: Any) -> set[str]:
    return {key for key in hits.keys[0] if key}


def build(path: Path, data: Data) -> dict[str, float]:
    """Add everything as 'old', backfill a tenth as 'new', save."""
    start = time.perf_counter()
    with Gallery(path, dim=DIM) as gallery:
        for first in bar(range(0, data.size, BATCH), desc="add"):
            features = data(first, min(BATCH, data.size - first))
            gallery.add(features, time=(np.arange(first, first + len(features)) / data.size).tolist())
        added = time.perf_counter() - start
        gallery.register("new", {"old": GOOD})
        gallery.backfill(data(0, data.size // 10, "new", salt=1))
        gallery.save()
        total = time.perf_counter() - start
        print(gallery.report(), flush=True)
        return {"add_s": added, "with_backfill_and_save_s": total, "added_per_s": data.size / added}


def opened(path: Path, data: Data, folder: Path) -> dict[str, Any]:
    np.save(folder / "queries.npy", torch.cat([q.vectors for q in data.queries(100)]).numpy())
    done = subprocess.run(
        [sys.executable, "-c", OPENER, str(path), str(folder / "queries.npy")],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def searched(gallery: Gallery, queries: list[Features]) -> dict[str, Any]:
    out = {}
    for name, options in FILTERS.items():
        times, hits = timed(lambda q: gallery.search(q, K, **options), queries)  # noqa: B023
        exact, true = timed(lambda q: gallery.search(q, K, exact=True, **options), queries[:50])  # noqa: B023
        out[name] = {**times, "recall@10": recall([keys(h) for h in hits[:50]], [keys(h) for h in true])}
        out[name]["exact_p50_ms"] = exact["p50_ms"]
        print(name, out[name], flush=True)
    return out


def faiss_alone(gallery: Gallery, queries: list[Features]) -> dict[str, Any]:
    """The gallery's own vectors in one index of faiss, mapped from a file as the gallery's are."""
    vectors = np.concatenate([p.vectors for p in gallery._now()[0].parts])
    flat = faiss.IndexFlatIP(DIM)
    flat.add(vectors)
    exact, answers = timed(lambda q: flat.search(q.vectors.numpy(), K), queries[:50])
    true = [set(a[1][0].tolist()) for a in answers]
    out: dict[str, Any] = {"flat": exact}

    def plain(query: Features) -> Any:
        return gallery.search(query, K, **FILTERS["plain"])

    inverted = next((p.inverted for p in gallery._now()[0].parts if p.inverted), None)
    if inverted is None:
        out["side by side"] = side_by_side(plain, lambda q: flat.search(q.vectors.numpy(), K), queries[:50])
        return out
    trained = inverted.trained
    centres = read_centres(gallery.path / "index" / trained)
    places = assign(centres.index, vectors)
    for kind in ("fp16", "sq8"):
        index = read_centres(gallery.path / "index" / trained).index
        if kind == "sq8":
            index = faiss.IndexIVFScalarQuantizer(
                centres.index.quantizer,
                DIM,
                index.nlist,
                faiss.ScalarQuantizer.QT_8bit,
                faiss.METRIC_INNER_PRODUCT,
                False,
            )
            index.train(vectors[:: max(1, len(vectors) // 100_000)])
        fill(index, vectors, places)
        with tempfile.NamedTemporaryFile() as file:
            faiss.write_index(index, file.name)
            mapped = Inverted.open(file.name, "", 1).index
            mapped.parallel_mode = 0  # faiss's own: it deals the queries of a batch out before it looks for their lists
            for nprobe in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
                if nprobe <= mapped.nlist:
                    mapped.nprobe = nprobe
                    times, answers = timed(lambda q: mapped.search(q.vectors.numpy(), K), queries)  # noqa: B023
                    found = [set(a[1][0].tolist()) for a in answers[:50]]
                    out[f"ivf{mapped.nlist},{kind},nprobe {nprobe}"] = {**times, "recall@10": recall(found, true)}
            if kind == "fp16":
                mapped.nprobe = inverted.nprobe
                out["side by side"] = side_by_side(plain, lambda q: mapped.search(q.vectors.numpy(), K), queries)  # noqa: B023
                out["side by side, 30 at once"] = side_by_side(
                    plain,
                    lambda q: mapped.search(q.vectors.numpy(), K),  # noqa: B023
                    [joined(queries[i : i + 30]) for i in range(0, len(queries), 30)],
                )
    return out


def changed(gallery: Gallery, data: Data) -> dict[str, float]:
    out = {}
    features = [data(data.size + i * 1000, 1000) for i in range(10)]
    start = time.perf_counter()
    for batch in features:
        gallery.add(batch)
    out["added_per_s"] = 10_000 / (time.perf_counter() - start)
    start = time.perf_counter()
    for batch in features:
        gallery.backfill(Features(batch.vectors, batch.ids, batch.cams, "new", batch.keys))
    out["replaced_per_s"] = 10_000 / (time.perf_counter() - start)
    start = time.perf_counter()
    for batch in features:
        gallery.remove(batch.keys or ())
    out["removed_per_s"] = 10_000 / (time.perf_counter() - start)
    single = []
    for i in range(50):
        start = time.perf_counter()
        gallery.add(data(data.size + 20_000 + i, 1))
        single.append(time.perf_counter() - start)
    return {**out, "one_at_a_time_ms": 1e3 * float(np.median(single))}


def _backfill(path: str, data: Data, first: int, count: int, done: Any) -> None:
    fix_threads(1)
    faiss.omp_set_num_threads(1)
    chunks = [data(i, 5000, "new", salt=1) for i in range(first, first + count, 5000)]
    with Gallery.open(path) as gallery:
        start = time.perf_counter()
        for chunk in chunks:
            gallery.backfill(chunk)
        done.put(count / (time.perf_counter() - start))


def while_backfilled(path: Path, data: Data, queries: list[Features]) -> dict[str, Any]:
    context = get_context("spawn")
    done = context.Queue()
    count = max(5000, data.size // 5 // 5000 * 5000)
    writer = context.Process(target=_backfill, args=(str(path), data, data.size // 5, count, done))
    seconds: list[float] = []
    generations: set[int] = set()
    with Gallery.open(path) as gallery:
        gallery.search(queries[0])
        before = gallery.report().generation
        writer.start()
        i = 0
        while done.empty():
            start = time.perf_counter()
            hits = gallery.search(queries[i % len(queries)])
            took = time.perf_counter() - start
            if hits.generation > before:
                seconds.append(took)
                generations.add(hits.generation)
            i += 1
            time.sleep(0.005)
    writer.join()
    return {
        "vectors_per_s": done.get(),
        "searches": len(seconds),
        "states_seen": len(generations),
        **quantiles(seconds),
    }


def measure(size: int, random: bool, seed: int) -> dict[str, Any]:
    data, record = Data(size, random, seed), {}
    queries = data.queries(300)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery"
        record["build"] = build(path, data)
        record["open"] = opened(path, data, Path(folder))
        print(record, flush=True)
        with Gallery.open(path) as gallery:
            record["report"] = vars(gallery.report())
            record["search"] = searched(gallery, queries)
            record["faiss"] = faiss_alone(gallery, queries)
            print(json.dumps(record["faiss"], indent=1), flush=True)
            record["ratio_to_faiss"] = record["faiss"]["side by side"]["ratio"]
            if not random:
                record["change"] = changed(gallery, data)
        if not random:
            record["while_backfilled"] = while_backfilled(path, data, queries)
    print(
        json.dumps({k: v for k, v in record.items() if k not in ("faiss", "search")}, indent=1, default=str), flush=True
    )
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=["clustered", "random"], default=None)
    arguments = parser.parse_args()
    fix_threads(arguments.threads)
    faiss.omp_set_num_threads(arguments.threads)
    record: dict[str, Any] = {"size": arguments.size, "dim": DIM, "k": K, "threads": arguments.threads}
    for kind in ("clustered", "random"):
        if arguments.only in (None, kind):
            record[kind] = measure(arguments.size, kind == "random", arguments.seed)
    if arguments.size == 1_000_000 and arguments.only is None:
        print("written:", write_result("gallery", record, seed=arguments.seed, packages=["faiss-cpu"]))


if __name__ == "__main__":
    main()
