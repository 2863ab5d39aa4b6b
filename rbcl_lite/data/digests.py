"""Digests of the files of a folder: hashes of their bytes, read once and remembered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rbcl_lite.base.files import locked, write_text
from rbcl_lite.base.progress import bar
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.data.finding import say_missing

LONG = 1000
"""From this many files that must be read, a progress bar is shown on a terminal."""
RECENT = 2.0
"""A file that changed in the last so many seconds is read again next time: its clock may not tell a
second change.
"""


def digests(root: Path, names: Sequence[str]) -> list[str]:
    """A hash of the bytes of each file ``root / name``.

    A file is read again only if its length or its times changed; the rest comes from the cache
    folder.

    Args:
        root: folder that the names are relative to.
        names: N file names.

    Returns:
        N strings of 32 hexadecimal digits.

    Raises:
        FileNotFoundError: a file is missing.
    """
    root = root.resolve()
    stats = [_stat(os.path.join(root, n)) for n in names]
    missing = [n for n, s in zip(names, stats) if s is None]
    if missing:
        raise FileNotFoundError(say_missing(root, missing, len(names)))
    place = cache_dir() / "digests" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.json"
    known = _read(place)
    states = [[s.st_size, s.st_mtime_ns, s.st_ctime_ns] for s in stats if s]
    found = {n: known[n][3] for n, state in zip(names, states) if known.get(n, [])[:3] == state}
    todo = [n for n in names if n not in found]
    if not todo:
        return [found[n] for n in names]
    started = time.time_ns()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        read = pool.map(lambda n: hashlib.blake2b((root / n).read_bytes(), digest_size=16).hexdigest(), todo)
        for name, digest in zip(todo, bar(read, total=len(todo), desc="reading", enabled=_show(len(todo)))):
            found[name] = digest
    settled = started - int(RECENT * 1e9)
    with locked(place):
        kept = {n: [*state, found[n]] for n, state in zip(names, states) if max(state[1:]) < settled}
        write_text(place, json.dumps({**_read(place), **kept}))
    return [found[n] for n in names]


def _read(place: Path) -> dict[str, list]:
    """What is remembered: length, times and digest of each file; nothing where the file is damaged."""
    with contextlib.suppress(OSError, ValueError):
        read = json.loads(place.read_text(encoding="utf-8"))
        if isinstance(read, dict) and all(isinstance(v, list) and len(v) == 4 for v in read.values()):
            return read
    return {}


def _stat(path: str) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _show(count: int) -> bool | None:
    return None if count >= LONG else False
