"""Cache of arrays: made once, then read from disk."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from rbcl_lite.base.files import locked, replacing


def cache_dir() -> Path:
    """Where rendered and decoded images are kept: ``$RBCL_CACHE``, or ``~/.cache/rbcl_lite``.

    Raises:
        NotADirectoryError: the variable names a file.
    """
    named = os.environ.get("RBCL_CACHE")
    if not named:
        return Path.home() / ".cache" / "rbcl_lite"
    folder = Path(named).expanduser()
    if os.path.exists(folder) and not folder.is_dir():
        raise NotADirectoryError(f"RBCL_CACHE names {folder}, which is a file; set it to a folder")
    return folder


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
            half-written is ever found under the final name. A file that was damaged later is made
            again, with a warning.

    Returns:
        a read-only memory map of the array.

    Raises:
        OSError: the cache cannot be written; the message names the path and the remedy.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:24]
    path = cache_dir() / "arrays" / f"{digest}.npy"
    found = _kept(path)
    if found is None:
        with locked(path):
            found = _kept(path)
            if found is None:
                with replacing(path) as temporary:
                    write(temporary)
    return np.load(path, mmap_mode="r") if found is None else found


def _kept(path: Path) -> np.ndarray | None:
    try:
        return np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    except (ValueError, EOFError) as error:
        warnings.warn(f"{path} is damaged ({error}) and is made again", stacklevel=4)
        return None
