"""Choice of an index: recall and latency of faiss indexes on one's own vectors."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from rbcl_lite.features import Features
from rbcl_lite.gallery.exact import exact_search


def index_choices(
    vectors: Features, queries: Features, choices: Iterable[tuple[str, int]], *, k: int = 10
) -> pd.DataFrame:
    """Build each index and compare what it finds with exact search.

    Nothing is filtered, so this says what an index loses, not what a gallery finds. Ties count as
    found: the score decides, not the key.

    Args:
        vectors: what is indexed.
        queries: vectors of the same dimension.
        choices: pairs of a faiss factory string, such as ``Flat``, ``IVF64,Flat`` or
            ``HNSW32,Flat``, and how far it looks: ``nprobe`` of an inverted file, ``efSearch`` of a
            graph, ignored by others.
        k: neighbours.

    Returns:
        one row for each choice: index, looks, recall (share of the k nearest that are found, 0 to
        1), ms (median of one query at a time, one thread), build_seconds, mb (10⁶ bytes on disk).

    Raises:
        ImportError: faiss is not installed.
        ValueError: fewer vectors than neighbours.
    """
    try:
        import faiss
    except ImportError:
        raise ImportError('an index needs faiss: pip install "rbcl-lite[gallery]"') from None
    if len(vectors) < k:
        raise ValueError(f"{len(vectors)} vectors cannot give {k} neighbours")
    base, asked = (np.ascontiguousarray(f.vectors.cpu().numpy(), np.float32) for f in (vectors, queries))
    worst = exact_search(asked, base, k)[1].min(axis=1)
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    rows = []
    try:
        for name, looks in choices:
            start = time.perf_counter()
            index = faiss.index_factory(vectors.dim, name, faiss.METRIC_INNER_PRODUCT)
            index.train(base)
            index.add(base)
            built = time.perf_counter() - start
            inner: Any = faiss.downcast_index(index)
            if name.startswith("IVF"):
                inner.nprobe = looks
            elif name.startswith("HNSW"):
                inner.hnsw.efSearch = looks
            found, seconds = [], []
            for row in asked:
                start = time.perf_counter()
                _, places = index.search(row[None], k)
                seconds.append(time.perf_counter() - start)
                found.append(places[0])
            scores = np.where(np.array(found) >= 0, np.einsum("qd,qkd->qk", asked, base[np.array(found)]), -np.inf)
            recall = float((scores >= worst[:, None] - 1e-6).mean())
            size = len(faiss.serialize_index(index)) / 1e6
            rows.append((name, looks, recall, 1000 * float(np.median(seconds)), built, size))
    finally:
        faiss.omp_set_num_threads(before)
    return pd.DataFrame(rows, columns=["index", "looks", "recall", "ms", "build_seconds", "mb"])
