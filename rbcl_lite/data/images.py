"""Images by name: a domain of the world, or a folder, and the splits that it gives."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import Scale
from rbcl_lite.data.dataset import Splits
from rbcl_lite.data.digests import digests
from rbcl_lite.data.finding import find_images
from rbcl_lite.data.folders import crops, laid_out
from rbcl_lite.data.layouts.known import check_layout, recognise
from rbcl_lite.data.naming import find_table, from_table
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.data.world import DOMAINS


@dataclass(frozen=True)
class Images:
    """Where the images come from.

    A folder and a table are resolved when they are named (``~``, relative to the current folder,
    links), so that all spellings of one folder are equal and it is found from everywhere. A
    domain's name always means the domain; a warning says so where the current folder holds a folder
    of that name, which is written ``./campus``.

    Args:
        data: a domain of the world (campus, station, street), or a folder of crops. Unless
            ``table`` or ``pattern`` is given, the folder is in a known layout.
        table: CSV with the columns path, id and, where known, camera and split; relative to the
            current folder or to ``data``.
        pattern: regular expression of the file names with the groups ``id`` and, where known,
            ``cam`` and ``split``.
        layout: which layout (:data:`~rbcl_lite.data.layouts.known.LAYOUTS`); by default the one
            that the folder is in when its images are read.

    Raises:
        FileNotFoundError: a relative table that lies at neither place.
        ValueError: an empty name, a table, a pattern or a layout for a domain, or two of them at
            once; an unknown layout; a table that could be two files.
    """

    data: str = "campus"
    table: str | None = None
    pattern: str | None = None
    layout: str | None = None

    def __post_init__(self) -> None:
        data = str(self.data)
        if not data:
            raise ValueError(f"data is empty; give a domain ({', '.join(DOMAINS)}) or a folder of crops")
        if self.table is not None and self.pattern is not None:
            raise ValueError(f"give a table ({self.table}) or a pattern ({self.pattern}), not both")
        if self.layout is not None:
            check_layout(self.layout)
            if self.table is not None or self.pattern is not None:
                raise ValueError(
                    f"give a layout ({self.layout}), or a table or a pattern for any other folder, not both"
                )
        if data in DOMAINS:
            if (self.table, self.pattern, self.layout) != (None, None, None):
                raise ValueError(
                    f"{data} is a domain that is drawn, and has no table, pattern or layout; the folder is ./{data}"
                )
            if Path(data).is_dir():
                warnings.warn(
                    f"{data} means the domain, not the folder {Path(data).resolve()}, which is ./{data}", stacklevel=3
                )
            object.__setattr__(self, "data", data)
            return
        root = Path(data).expanduser().resolve()
        object.__setattr__(self, "data", str(root))
        if self.table is not None:
            table = Path(self.table).expanduser()
            table = table if table.is_absolute() else find_table(root, table)
            object.__setattr__(self, "table", str(table.resolve()))

    @property
    def rendered(self) -> bool:
        """Whether the images are drawn by :class:`~rbcl_lite.data.world.World`."""
        return self.data in DOMAINS

    def moved(self, data: str | Path) -> Images:
        """The same images at another place; a table that lies in the old folder is looked for in
        the new one.
        """
        root, table = Path(data).expanduser().resolve(), self.table
        if table is not None and Path(table).is_relative_to(self.data):
            table = str(root / Path(table).relative_to(self.data))
        return replace(self, data=str(root), table=table)

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
            ValueError: see :func:`~rbcl_lite.data.folders.laid_out` and
                :func:`~rbcl_lite.data.folders.crops`.
        """
        size = size or at.size
        if self.rendered:
            return rendered_splits(self.data, at=at, size=size, seed=seed, progress=progress)
        root = self._root()
        if self.table is None and self.pattern is None:
            return laid_out(root, self.layout, size=size, seed=seed, progress=progress)
        return crops(root, table=self.table, pattern=self.pattern, size=size, seed=seed, progress=progress)

    def version(self) -> str:
        """What the images depend on beside the arguments of :meth:`load`: the code, and what is in
        the files.

        Names relative to the folder and bytes count; where the folder lies, and when a file was
        touched, do not. Of a table counts what it says of each image.

        Raises:
            FileNotFoundError: no folder, no table, or a file of the table is missing.
            ValueError: no image, or a table that cannot be read.
        """
        if self.rendered:
            return fingerprint("data.rendered")
        root = self._root()
        about: list[object] = [fingerprint("data.folders")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whoever loads the images hears them
            if self.pattern is not None:
                names = find_images(root, recursive=True)
            else:
                if self.table is not None:
                    listing = from_table(root, Path(self.table))
                else:
                    listing = recognise(root, self.layout).read(root, None)
                names = listing.paths
                about.append([listing.people, listing.cameras, listing.splits])
        about.append(list(zip(names, digests(root, names))))
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]

    def identity(self) -> dict[str, str | None]:
        """What the key of a run should hold: which images these are, wherever they lie and however
        they are spelled.

        >>> Images("campus").identity()["data"]
        'campus'
        """
        if self.rendered:
            return {"data": self.data, "version": self.version()}
        given = "table" if self.table is not None else "pattern" if self.pattern is not None else None
        read = given or recognise(self._root(), self.layout).name
        return {"data": "folder", "read": read, "pattern": self.pattern, "version": self.version()}

    def _root(self) -> Path:
        root = Path(self.data)
        if not root.is_dir():
            raise FileNotFoundError(
                f"{root.name!r} is neither a domain ({', '.join(DOMAINS)}) nor a folder of crops: there is no folder "
                f"{root}. The path was resolved when it was named (--data, --table, or the configuration of a run); "
                "if the folder was moved, name its new place"
            )
        return root
