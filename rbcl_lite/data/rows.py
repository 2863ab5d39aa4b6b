"""Rows of a memory map: a part of a data set that is too large to be copied, read when it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

IN_MEMORY = 2**30
"""Bytes up to which chosen rows of a memory map are copied, because memory is faster than a disk."""


class Rows:
    """Some rows of an array, in some order, as if they were an array of their own.

    Args:
        array: [N, ...] a memory map.
        index: [M] positions.

    >>> rows = Rows(np.arange(10) * 10, np.array([7, 2, 5]))
    >>> len(rows), rows.shape, rows[1:].tolist(), rows[np.array([True, False, True])].tolist()
    (3, (3,), [20, 50], [70, 50])
    """

    def __init__(self, array: np.ndarray, index: np.ndarray) -> None:
        self.array, self.index = array, index

    @property
    def shape(self) -> tuple[int, ...]:
        """[M, ...] of the array that a copy would be."""
        return (len(self.index), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """Of the array."""
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read some of them: by a number, a slice, positions or a mask."""
        return self.array[self.index[key]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)


def choose(array: np.ndarray | Rows, index: np.ndarray) -> np.ndarray | Rows:
    """Rows of an array, copied if they are few or the array is in memory already.

    Args:
        array: [N, ...], a memory map, or rows of one.
        index: [M] positions.

    Returns:
        [M, ...]

    >>> choose(np.arange(3), np.array([2, 0]))
    array([2, 0])
    """
    size = len(index) * int(np.prod(array.shape[1:])) * array.dtype.itemsize
    if isinstance(array, Rows):
        return array[index] if size <= IN_MEMORY else Rows(array.array, array.index[index])
    return Rows(array, index) if size > IN_MEMORY and isinstance(array, np.memmap) else array[index]
