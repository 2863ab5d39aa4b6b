"""Layout of the index: which rows go into which segment, and how large ones are searched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """When the index is written, and what kind it is.

    Args:
        tail: so many new rows are searched exactly, in memory, before they get a segment.
        flat: from so many vectors on, the index is an inverted file; below, every vector is
            compared.
        recall: share of the ten nearest that the inverted file has to find on a sample; as many of
            its lists are looked at as that takes.

    Raises:
        ValueError: a number out of range.
    """

    tail: int = 8192
    flat: int = 100_000
    recall: float = 0.99

    def __post_init__(self) -> None:
        if self.tail < 1 or self.flat < 1 or not 0 < self.recall <= 1:
            raise ValueError(f"tail and flat must be at least 1, and recall above 0 and at most 1, got {self}")


def first_to_merge(sizes: Sequence[int], new: int, factor: int = 2) -> int:
    """Position of the first segment that is written again together with the new rows.

    Segments shrink by the factor or more from one to the next, so that there are few of them and
    each row is written again a few times only. A segment of which much was removed is small.

    Args:
        sizes: rows that are left in each segment, oldest first.
        new: rows that are in no segment yet.
        factor: 2 where rows keep coming; a larger one leaves fewer segments to search.

    Returns:
        0..len(sizes); len(sizes) leaves all as they are.

    >>> first_to_merge([1000, 200, 50], 10), first_to_merge([1000, 200, 50], 30), first_to_merge([90, 50], 40)
    (3, 2, 0)
    """
    first, total = len(sizes), new
    while first and sizes[first - 1] < factor * total:
        first -= 1
        total += sizes[first]
    return first


def lists(n: int) -> int:
    """Number of lists of an inverted file of n vectors: a power of two near twice the root.

    >>> lists(100_000), lists(1_000_000)
    (512, 2048)
    """
    wanted = 2 * n**0.5
    power = 1
    while 2 * power <= wanted * 2**0.5:
        power *= 2
    return power


def code(n: int, dim: int, memory: int | None = None) -> str:
    """How an inverted file keeps n vectors: ``fp16``, or ``sq8`` where fp16 would fill half of the
    memory.

    Args:
        n: vectors.
        dim: coordinates of each.
        memory: bytes of the machine; asked for by default.

    >>> code(1_000_000, 256, memory=2**33), code(100_000_000, 256, memory=2**36)
    ('fp16', 'sq8')
    """
    if memory is None:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**33
    return "fp16" if 2 * n * dim <= memory // 2 else "sq8"
