"""What a search found, written to files: a table, and a sheet of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from rbcl_lite.base.files import replacing
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.gallery.records import Hits
from rbcl_lite.plots.ranked_sheet import ranked_sheet


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write hits as CSV or JSON, whole."""
    with replacing(path) as temporary:
        if path.suffix == ".json":
            table.to_json(temporary, orient="records", indent=1)
        else:
            table.to_csv(temporary, index=False)


def write_sheet(
    path: Path, queries: Features, hits: Hits, images: Sequence[ReIDDataset], crops: Path | None, count: int
) -> None:
    """Draw the first queries and what was found for them, framed by right and wrong.

    Args:
        path: PNG file.
        queries: Q queries with keys.
        hits: what was found.
        images: data sets that hold the pictures of some keys.
        crops: folder that holds those of the others.
        count: queries to draw.

    Raises:
        ValueError: a query without a picture.
    """
    picture = pictures(images, crops)
    rows, found, kinds = [], [], []
    for key, person, names, people in zip(queries.keys or (), queries.ids.tolist(), hits.keys, hits.persons):
        own = picture(key)
        if own is None:
            raise ValueError(
                f"there is no picture of query {key!r}: with --features name the folder of the pictures by --crops"
            )
        rows.append(own)
        found.append([picture(name) for name in names if name])
        kinds.append([_kind(person, int(other)) for name, other in zip(names, people) if name])
        if len(rows) == count:
            break
    if not rows:
        raise ValueError("the queries have no keys, so that nobody knows their pictures")
    with replacing(path) as temporary:
        Image.fromarray(ranked_sheet(rows, found, kinds)).save(temporary, format="PNG")


def _kind(person: int, other: int) -> str:
    return "unknown" if min(person, other) < 0 else "right" if person == other else "wrong"


def pictures(images: Sequence[ReIDDataset], crops: Path | None) -> Callable[[str], np.ndarray | None]:
    """A function that gives the picture of a key, or None."""
    place = {key: (data, i) for data in images for i, key in enumerate(data.keys)}

    def picture(key: str) -> np.ndarray | None:
        if key in place:
            data, i = place[key]
            return data.images[i]
        path = crops / key if crops is not None else None
        if path is None or not path.is_file():
            return None
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))

    return picture
