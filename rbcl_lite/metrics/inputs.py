"""Inputs of the ranking metrics, checked before anything is ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

IntegerArray = Tensor | np.ndarray | list[int]


def as_distances(rows: Any) -> np.ndarray:
    """A contiguous copy in float32 or float64 (half precision is lifted, integers go to float64)."""
    if isinstance(rows, Tensor):
        rows = (rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows).cpu().numpy()
    if rows.dtype.kind not in "fiu":
        raise ValueError(f"distances must be real numbers, got {rows.dtype}")
    single = rows.dtype in (np.float16, np.float32)
    return np.array(rows, dtype=np.float32 if single else np.float64, order="C", copy=True)


def check_finite(block: np.ndarray, start: int) -> None:
    """Raise ValueError at the first NaN or infinity; ``start`` is the query of the block's first
    row.
    """
    finite = np.isfinite(block)
    if not finite.all():
        row, column = np.argwhere(~finite)[0].tolist()
        raise ValueError(
            f"distances holds {block[row, column]} at query {start + row}, gallery image {column}; a distance that is "
            "not finite has no rank: look for a diverged model, or replace it by a large number"
        )


def as_integers(name: str, values: IntegerArray, length: int) -> np.ndarray:
    """An int64 [length], or a ValueError that names the argument."""
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.ndim != 1 or len(array) != length:
        raise ValueError(f"{name} must be [{length}] like distances, got shape {list(array.shape)}")
    if array.dtype.kind not in "iu" and len(array):
        raise ValueError(f"{name} must be integers, got {array.dtype}")
    return array.astype(np.int64)
