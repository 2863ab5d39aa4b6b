"""Live roll-out: the shared run of a chapter behind a real gallery, backfilled while one looks, and timed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

import pandas as pd
import torch

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.experiments.measure import measure
from rbcl_lite.experiments.shared import shared_config
from rbcl_lite.features import Features
from rbcl_lite.gallery.gallery import Gallery
from rbcl_lite.gallery.index_choice import index_choices
from rbcl_lite.gallery.mixed import OLD, MixedGallery
from rbcl_lite.gallery.orders import random_order
from rbcl_lite.gallery.records import Evidence
from rbcl_lite.gallery.refill import reader, refill
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.extract import extract
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.run_or_load import run_or_load

Seen = TypeVar("Seen")


def versioned(name: str, part: str = "test") -> MixedGallery:
    """Vectors of a shared run and of its old model; their versions are called ``old`` and by the
    name of the run.

    Args:
        name: see :data:`rbcl_lite.experiments.shared.SHARED`.
        part: test or validation.
    """
    test = measure(run_or_load(shared_config(OLD)), run_or_load(shared_config(name)), part)
    old = (replace(f, model=OLD) for f in (test.old_query, test.old_gallery))
    return MixedGallery(*old, *(replace(f, model=name) for f in (test.new_query, test.new_gallery)))


def evidence(name: str) -> Evidence:
    """New/old and old/old mAP of a shared run on validation people, measured today."""
    v = versioned(name, "validation")
    new, old = (evaluate_ranking(q, v.old_gallery).mAP for q in (v.new_query, v.old_query))
    return Evidence(round(new, 3), round(old, 3), date.today().isoformat(), "mAP, validation people")


def backfilled(
    name: str, shares: Sequence[float], look: Callable[[Gallery, MixedGallery], Seen], *, chunk: int = 1000
) -> dict[str, Seen]:
    """What one sees in a real gallery of a shared run at moments of its backfill, in random order.

    The version is registered whatever its evidence says: this is a measurement.

    Args:
        name: of the shared run.
        shares: ascending, 0 to 1.
        look: from the gallery and the vectors to what is kept.
        chunk: vectors that are replaced together.

    Returns:
        such as ``"10% new"`` to what was seen.
    """
    v, seen = versioned(name), {}
    keys = list(v.old_gallery.keys or ())
    with Gallery(None, dim=v.old_gallery.dim) as gallery:
        gallery.add(v.old_gallery)
        gallery.register(name, {OLD: evidence(name)}, force=True)
        for share in shares:
            more = round(share * len(keys)) - gallery.report().versions[name]
            refill(gallery, random_order(keys), reader(v.new_gallery), name, chunk=chunk, limit=more)
            seen[f"{share:.0%} new"] = look(gallery, v)
    return seen


def refused(action: Callable[[], object]) -> None:
    """Write why something is refused, as a page shows it; fail if it is not.

    Raises:
        AssertionError: nothing was refused.

    >>> refused(lambda: int("x"))
    refused: invalid literal for int() with base 10: 'x'
    <BLANKLINE>
    """
    try:
        action()
    except ValueError as error:
        sys.stdout.write(f"refused: {error}\n\n")
    else:
        raise AssertionError("this should have been refused")


def compare_indexes(base: Features, queries: Features) -> pd.DataFrame:
    """Recall and latency of a flat index, inverted files and a graph, on these vectors and on as many
    random ones.

    Args:
        base: N vectors that are indexed; an inverted file has one list for every 40.
        queries: vectors of the same dimension.
    """
    lists = max(1, len(base) // 40)
    few = max(1, lists // 16)
    choices = [("Flat", 0), *((f"IVF{lists},Flat", n) for n in sorted({1, few}))]
    choices += [(f"IVF{lists},SQfp16", few), ("HNSW32,Flat", 64)]
    draw = torch.Generator().manual_seed(0)
    noise, asked = (
        Features(torch.randn(n, base.dim, generator=draw), torch.zeros(n, dtype=torch.long))
        for n in (len(base), len(queries))
    )
    table = index_choices(base, queries, choices)
    table["recall on noise"] = index_choices(noise, asked, choices)["recall"]
    return table.rename(columns={"ms": "ms a query", "build_seconds": "seconds to build", "mb": "MB"})


def backfill_rates(model: Run, images: ReIDDataset, vectors: Features) -> tuple[float, float]:
    """Images that a model extracts in a second, and vectors that a gallery replaces in a second, on
    this machine.

    Args:
        model: a run.
        images: some of its images; they are extracted once.
        vectors: of any images, with keys; a gallery that holds them is backfilled with them.
    """
    network, start = model.load_model(), time.perf_counter()
    extract(network, images, tag=vectors.model, progress=False)
    extracted = len(images) / (time.perf_counter() - start)
    with Gallery(None, dim=vectors.dim) as gallery:
        gallery.add(vectors, version=OLD)
        gallery.register(
            vectors.model, {OLD: Evidence(1.0, 0.0, date.today().isoformat(), "none: nothing is searched")}
        )
        start = time.perf_counter()
        refill(gallery, list(vectors.keys or ()), reader(vectors), vectors.model, chunk=len(vectors), progress=False)
        return extracted, len(vectors) / (time.perf_counter() - start)
