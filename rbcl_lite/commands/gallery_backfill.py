"""``rbcl-lite gallery backfill``: new vectors for images that are in the gallery, in an order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import tyro

from rbcl_lite.commands.output import say
from rbcl_lite.commands.vectors import Vectors, open_store
from rbcl_lite.features import Features
from rbcl_lite.gallery.batch import version_of
from rbcl_lite.gallery.filling import CHUNK
from rbcl_lite.gallery.orders import by_camera, least_certain, most_searched, random_order, worst_placed
from rbcl_lite.gallery.refill import reader, refill
from rbcl_lite.gallery.store import VectorStore

Order = Literal["given", "random", "by-camera", "most-searched", "least-certain", "worst-placed"]
SEARCHED = ("most-searched", "least-certain", "worst-placed")
"""Orders that follow from searches."""


@dataclass(kw_only=True)
class Backfill(Vectors):
    """Replace the vectors of images that are in the gallery; the same command again goes on."""

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery."""
    order: Order = "given"
    """Which images come first: as the vectors are given, at random, one camera after the other; or by searches:
    those that are found most often, those between which a search can hardly decide, those that queries of their
    own person find last."""
    queries: Path | None = None
    """File of query vectors (Features.save): the searches that most-searched, least-certain and worst-placed follow."""
    k: int = 50
    """Hits of each of these searches."""
    limit: int | None = None
    """Stop after so many images; all by default."""
    chunk: int = CHUNK
    """Vectors that are replaced together: a search sees all of them or none."""

    def run(self) -> None:
        """Replace what another version made."""
        if (self.order in SEARCHED) != (self.queries is not None):
            raise ValueError(
                f"--order {self.order} follows searches: give their vectors by --queries FILE"
                if self.queries is None
                else f"--queries is for --order {', '.join(SEARCHED)}, not for {self.order}"
            )
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"--limit must be at least 1 image, got {self.limit}")
        with open_store(self.gallery) as store:
            features, _ = self.read("gallery")
            version = version_of(features, self.version)
            queries = None if self.queries is None else Features.load(self.queries)
            extract = reader(features, version)  # without keys it says so
            rows = store.rows().set_index("key").reindex(features.keys)  # absent keys are refused by the refill
            keys = self._ordered(store, rows, queries)
            done = refill(store, keys, extract, version, chunk=self.chunk, limit=self.limit)
            store.save()
            there = int(rows["version"].eq(version).sum())
            left = len(keys) - done - there
            if there:
                say(f"left as they are: {there} vectors that this version had made already")
            if left:
                say(f"still to do: {left} vectors; the same command again goes on")
            say(store.report())

    def _ordered(self, store: VectorStore, rows: pd.DataFrame, queries: Features | None) -> list[str]:
        """The keys of these rows of the gallery, those first that come first."""
        keys = rows.index.tolist()
        if self.order == "given":
            return keys
        if self.order == "random":
            return random_order(keys)
        known = rows[["camera", "person"]].fillna(-1).astype(int)
        if self.order == "by-camera":
            return by_camera(keys, known["camera"].to_numpy())
        assert queries is not None
        log = store.search(queries, self.k)
        if self.order == "most-searched":
            return most_searched(keys, log)
        if self.order == "least-certain":
            return least_certain(keys, log)
        return worst_placed(keys, known["person"].to_numpy(), log, queries.ids.numpy())
