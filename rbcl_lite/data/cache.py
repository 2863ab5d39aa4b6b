"""Cache of arrays: made once, then read from disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock


def cache_dir() -> Path:
    """Where rendered and decoded images are kept: ``$RBCL_CACHE``, or ``~/.cache/rbcl_lite``."""
    return Path(os.environ.get("RBCL_CACHE", Path.home() / ".cache" / "rbcl_lite"))


def cached_array(key: Mapping[str, object], make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array that ``key`` describes: read from the cache, or made once and kept.

    Args:
        key: everything the array depends on, JSON-serialisable.
        make: called without arguments where the cache has no such array. Two processes that ask at
            once make it once: the second waits. Nothing half-written is ever found under the final
            name.

    Returns:
        a read-only memory map of the array.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:24]
    path = cache_dir() / "arrays" / f"{digest}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            array = make()
            temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            try:
                with open(temporary, "wb") as f:
                    np.save(f, array)
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)  # it is gone, unless something went wrong
    return np.load(path, mmap_mode="r")
