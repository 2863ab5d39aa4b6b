"""Report of a snapshot: what is there, and how well its index finds it."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import numpy as np

from rbcl_lite.gallery.records import Report
from rbcl_lite.gallery.snapshot import Snapshot
from rbcl_lite.gallery.where import Where


def report(snapshot: Snapshot, size: int) -> Report:
    """Counts and measured recall.

    Args:
        snapshot: what is reported.
        size: bytes on disk.
    """
    versions: Counter[int] = Counter()
    cameras: Counter[int] = Counter()
    kinds: dict[str, int] = {}
    found, total, removed = 0.0, 0, 0
    for part in snapshot.parts:
        choice = part.choice(Where(), snapshot.versions)
        for counter, column in ((versions, part.versions), (cameras, part.cams)):
            values, counts = np.unique(column if choice.mask is None else column[choice.mask], return_counts=True)
            counter.update(dict(zip(values.tolist(), counts.tolist())))
        total += choice.count
        found += choice.count * part.about.get("recall", 1.0)
        removed += len(part) - choice.count
        if part is not snapshot.tail:
            about = part.about
            kind = f"ivf{about['lists']},{about['code']},nprobe {about['nprobe']}" if about["trained"] else "flat"
            kinds[kind] = kinds.get(kind, 0) + 1
    return Report(
        total,
        snapshot.dim,
        {v.name: versions[n] for n, v in snapshot.versions.items()},
        dict(sorted(cameras.items())),
        " + ".join(f"{n} x {kind}" if n > 1 else kind for kind, n in kinds.items()) or "flat",
        found / total if total else 1.0,
        len(snapshot.tail or ()),
        removed,
        size,
        snapshot.generation,
    )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; those that go meanwhile do not count."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size
