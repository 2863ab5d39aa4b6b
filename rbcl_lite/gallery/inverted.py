"""Inverted file: faiss looks at the few lists whose centres are nearest."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rbcl_lite.gallery.exact import exact_search
from rbcl_lite.gallery.layout import code, lists

_PER_LIST = 64  # vectors that a centre is trained on
_BLOCK = 2**15
_SAMPLE, _NEAREST, _FEWEST = 100, 10, 16  # queries and hits that recall is measured with; lists to begin with


def need_faiss() -> Any:
    """The module faiss.

    Raises:
        ImportError: it is not installed; the message names the extra.
    """
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            'a gallery of this size is searched by faiss, which is not installed: pip install "rbcl-lite[gallery]"'
        ) from error
    return faiss


def train(vectors: np.ndarray, seed: int = 0) -> Any:
    """An empty inverted file for vectors such as these.

    Args:
        vectors: [N, D] float32; a sample of them is used.
        seed: of the sample and of the centres.

    Returns:
        A faiss index that holds nothing yet.
    """
    faiss = need_faiss()
    n, dim = vectors.shape
    count = min(lists(n), n)
    at = np.sort(np.random.default_rng(seed).choice(n, min(n, _PER_LIST * count), replace=False))
    kind = {"fp16": faiss.ScalarQuantizer.QT_fp16, "sq8": faiss.ScalarQuantizer.QT_8bit}[code(n, dim)]
    centres = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFScalarQuantizer(centres, dim, count, kind, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.spherical, index.cp.seed, index.cp.min_points_per_centroid = True, seed + 1, 1
    index.train(np.ascontiguousarray(vectors[at]))
    index.own_fields = True
    centres.this.disown()
    return index


def assign(index: Any, vectors: np.ndarray) -> np.ndarray:
    """[N] int32 list of each vector."""
    out = np.empty(len(vectors), np.int32)
    for start in range(0, len(vectors), _BLOCK):
        block = np.ascontiguousarray(vectors[start : start + _BLOCK])
        out[start : start + _BLOCK] = index.quantizer.search(block, 1)[1][:, 0]
    return out


def fill(index: Any, vectors: np.ndarray, places: np.ndarray) -> None:
    """Put vectors into the lists that are given: number i is position i."""
    faiss = need_faiss()
    for start in range(0, len(vectors), _BLOCK):
        block = np.ascontiguousarray(vectors[start : start + _BLOCK])
        at = np.ascontiguousarray(places[start : start + _BLOCK], np.int64)
        index.add_core(len(block), faiss.swig_ptr(block), None, faiss.swig_ptr(at))


@dataclass(frozen=True)
class Inverted:
    """An inverted file, mapped from disk.

    Args:
        index: of faiss.
        trained: name of the centres; files with the same centres share the choice of lists.
        nprobe: lists that are looked at.
    """

    index: Any
    trained: str
    nprobe: int

    def __post_init__(self) -> None:
        self.index.nprobe = self.nprobe
        self.index.parallel_mode = 3  # queries of a batch in all threads, also where their lists are given

    @classmethod
    def open(cls, path: str | os.PathLike[str], trained: str, nprobe: int) -> Inverted:
        """Map a file that ``faiss.write_index`` wrote."""
        faiss = need_faiss()
        index = faiss.read_index(str(Path(path)), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        invlists = faiss.downcast_InvertedLists(index.invlists)
        if hasattr(invlists, "prefetch_nthread"):
            invlists.prefetch_nthread = 0  # starting threads takes longer than reading lists that are in memory
        return cls(index, trained, nprobe)

    @cached_property
    def _centres(self) -> Any:
        return self.index.quantizer  # an object of Python's that faiss makes anew for each who asks

    def nearest_lists(self, queries: np.ndarray, count: int) -> np.ndarray:
        """[Q, count] int64 lists with the nearest centres, nearest first."""
        return self._centres.search(queries, count)[1]

    def probes(self, share: float) -> int:
        """Lists to look at where only a share of the vectors may be found: more of them, the fewer those are."""
        return min(self.index.nlist, math.ceil(self.nprobe / math.sqrt(share)))

    def search(
        self, queries: np.ndarray, k: int, at: np.ndarray, bits: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k best positions of each query in these lists.

        Args:
            queries: [Q, D] float32.
            k: how many.
            at: [Q, P] int64 lists to look at.
            bits: one bit for each vector that may be found (``np.packbits``, little), or None.

        Returns:
            positions [Q, k] int64, -1 where nothing is left, and approximate products [Q, k].
        """
        faiss = need_faiss()
        parameters = None  # the index's own: every object of faiss that is made here costs as much as a list
        if bits is not None or at.shape[1] != self.nprobe:
            selector = None if bits is None else faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters = faiss.SearchParametersIVF(nprobe=at.shape[1], sel=selector)
        at = np.ascontiguousarray(at)
        zeros = np.zeros(at.shape, np.float32)  # distances of the centres, which codes without residual do not need
        products, places = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        pointers = [faiss.swig_ptr(a) for a in (at, zeros, products, places)]
        self.index.search_preassigned_c(len(queries), faiss.swig_ptr(queries), k, *pointers, False, parameters)
        return places, products


def measure(index: Any, vectors: np.ndarray, target: float, seed: int = 0) -> tuple[int, float]:
    """The fewest lists that reach a recall on vectors of the gallery itself, and the recall.

    Each of a sample of vectors asks for its ten nearest but itself; the answer is compared with that
    of an exact search.

    Args:
        index: filled with the vectors.
        vectors: [N, D] float32.
        target: recall to reach, 0 to 1.
        seed: of the sample.

    Returns:
        number of lists, a power of two from 16 on or all of them; recall@10.
    """
    at = np.sort(np.random.default_rng(seed).choice(len(vectors), min(_SAMPLE, len(vectors)), replace=False))
    queries = np.ascontiguousarray(vectors[at])
    true, _ = exact_search(queries, vectors, _NEAREST + 1)
    wanted = [set(line) - {own} for line, own in zip(true.tolist(), at.tolist())]
    file, nprobe = Inverted(index, "", 1), min(_FEWEST, index.nlist)
    while True:
        places, _ = file.search(queries, _NEAREST + 1, file.nearest_lists(queries, nprobe))
        hits = sum(len(want & set(line)) for want, line in zip(wanted, places.tolist()))
        recall = hits / max(1, sum(map(len, wanted)))
        if recall >= target or nprobe == index.nlist:
            return nprobe, recall
        nprobe = min(2 * nprobe, index.nlist)
