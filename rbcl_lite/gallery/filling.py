"""Filling of a gallery with many new vectors, a chunk at a time: watched, stopped, and taken up again."""

from __future__ import annotations

import numpy as np

from rbcl_lite.base.progress import bar
from rbcl_lite.features import Features
from rbcl_lite.gallery.batch import unique
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.gallery.where import Time

CHUNK = 5000
"""Vectors that become visible together."""


def add_all(
    store: VectorStore,
    features: Features,
    *,
    time: Time | None = None,
    version: str | None = None,
    chunk: int = CHUNK,
    progress: bool | None = None,
) -> int:
    """Add what is not there yet; to be called again after an interruption.

    Args:
        store: a gallery.
        features: vectors with keys.
        time: when all of them were taken.
        version: the model, instead of ``features.model``.
        chunk: vectors that are added together.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        Number of vectors whose keys were in the gallery already; they are left as they are.
    """
    there = set(store.rows()["key"])
    new = [i for i, key in enumerate(unique(features.keys or ())) if key not in there]
    todo = features[new] if features.keys is not None else features  # without keys the gallery says what is wrong
    with bar(total=len(todo), desc="add", enabled=progress) as steps:
        for part in _chunks(todo, chunk):
            store.add(part, time=time, version=version)
            steps.update(len(part))
    return len(features) - len(todo)


def _chunks(features: Features, size: int) -> list[Features]:
    if size < 1:
        raise ValueError(f"chunk must be at least 1 vector, got {size}")
    return [features[np.arange(i, min(i + size, len(features)))] for i in range(0, len(features), size)]
