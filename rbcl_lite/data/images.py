"""From what a user names (a domain of the world, or a folder) to the splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import Scale
from rbcl_lite.data.dataset import Splits
from rbcl_lite.data.folders import crops, market1501
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.data.world import DOMAINS


@dataclass(frozen=True)
class Images:
    """Where the images come from.

    Args:
        data: a domain of the world (campus, station, street), or a folder of crops. A folder is read in
            Market-1501's layout unless ``table`` or ``pattern`` is given.
        table: CSV with the columns path, id and, where known, camera.
        pattern: regular expression of the file names with the groups ``id`` and, where known, ``cam``.
    """

    data: str = "campus"
    table: str | None = None
    pattern: str | None = None

    @property
    def rendered(self) -> bool:
        """Whether the images are drawn by :class:`~rbcl_lite.data.world.World`."""
        return self.data in DOMAINS

    def load(
        self, at: Scale, *, size: tuple[int, int] | None = None, seed: int = 0, progress: bool | None = None
    ) -> Splits:
        """Training, validation and test images.

        Args:
            at: how much of the world is rendered; its ``size`` holds for folders too.
            size: (height, width) in pixels, instead of the scale's.
            seed: of the people (world), or of the held-out people (folder).
            progress: see :func:`rbcl_lite.base.progress.bar`.

        Raises:
            FileNotFoundError: neither a domain nor a folder.
            ValueError: see :func:`~rbcl_lite.data.folders.market1501` and :func:`~rbcl_lite.data.folders.crops`.
        """
        size = size or at.size
        if self.rendered:
            return rendered_splits(self.data, at=at, size=size, seed=seed, progress=progress)
        if not Path(self.data).is_dir():
            raise FileNotFoundError(f"{self.data!r} is neither a domain ({', '.join(DOMAINS)}) nor a folder of crops")
        if self.table is None and self.pattern is None:
            return market1501(self.data, size=size, seed=seed, progress=progress)
        return crops(self.data, table=self.table, pattern=self.pattern, size=size, seed=seed, progress=progress)

    def version(self) -> str:
        """What the images depend on beside the arguments of :meth:`load`: the code, and the files of a folder."""
        if self.rendered:
            return fingerprint("data.rendered")
        files = sorted(p for p in Path(self.data).rglob("*") if p.is_file())
        if self.table is not None and Path(self.table).is_file():
            files.append(Path(self.table))  # a table may lie outside the folder
        listing = [f"{p} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files]
        return hashlib.sha256("\n".join([fingerprint("data.folders"), *listing]).encode()).hexdigest()[:12]

    def identity(self) -> list[str]:
        """What the key of a run holds of the images."""
        return [self.data, self.version()]
