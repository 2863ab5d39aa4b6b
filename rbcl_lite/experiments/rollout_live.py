"""Live roll-out: the shared run of a chapter behind a real gallery, backfilled while one looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from rbcl_lite.experiments.measure import measure
from rbcl_lite.experiments.shared import shared_config
from rbcl_lite.gallery.gallery import Gallery
from rbcl_lite.gallery.mixed import OLD, MixedGallery
from rbcl_lite.gallery.orders import random_order
from rbcl_lite.gallery.records import Evidence
from rbcl_lite.gallery.refill import reader, refill
from rbcl_lite.metrics.retrieval import evaluate_ranking
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
