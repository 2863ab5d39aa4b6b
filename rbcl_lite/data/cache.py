"""Cache of arrays: made once, then read from disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock

from rbcl_lite.base.files import replacing


def cache_dir() -> Path:
    """Where rendered and decoded images are kept: ``$RBCL_CACHE``, or ``~/.cache/rbcl_lite``."""
    return Path(os.environ.get("RBCL_CACHE", Path.home() / ".cache" / "rbcl_lite"))


def cached_array(key: Mapping[str, object], make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array that ``key`` describes: read from the cache, or made once and kept.

    Args:
        key: everything the array depends on, JSON-serialisable.
        make: called without arguments where the cache has no such array.

    Returns:
        a read-only memory map of the array.
    """

    def write(path: Path) -> None:
        with path.open("wb") as f:
            np.save(f, make())

    return cached_file(key, write)


def cached_file(key: Mapping[str, object], write: Callable[[Path], None]) -> np.ndarray:
    """The array that ``key`` describes, for those that are too large to be made in memory.

    Args:
        key: everything the array depends on, JSON-serialisable.
        write: called with the path of a ``.npy`` file that it makes, where the cache has no such
            array. Two processes that ask at once make it once: the second waits. Nothing
            half-written is ever found under the final name.

    Returns:
        a read-only memory map of the array.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:24]
    path = cache_dir() / "arrays" / f"{digest}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            with replacing(path) as temporary:
                write(temporary)
    return np.load(path, mmap_mode="r")
