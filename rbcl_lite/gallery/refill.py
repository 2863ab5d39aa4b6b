"""Refill of a gallery: a backfill in chunks that may be stopped and taken up again, and its cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rbcl_lite.base.progress import bar
from rbcl_lite.features import Features
from rbcl_lite.gallery.batch import unique
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.gallery.versions import check_known


def refill(
    store: VectorStore,
    order: Sequence[str],
    extract: Callable[[list[str]], Features],
    version: str,
    *,
    chunk: int = 1000,
    limit: int | None = None,
    progress: bool | None = None,
) -> int:
    """Replace vectors by those of a new model, chunk by chunk, in an order.

    Each chunk is replaced as a whole, or not at all. What is done is known from the gallery, where
    each vector says which version made it: stop this at any moment, call it again, and it goes on.
    The bar says when it will end.

    Args:
        store: the gallery, which may be searched meanwhile.
        order: keys, first to last (:mod:`rbcl_lite.gallery.orders`).
        extract: from keys to vectors of the new model with these keys.
        version: the new model, registered in the gallery.
        chunk: images that are extracted and replaced together.
        limit: stop after so many images, for a part of the backfill; all by default.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        how many vectors were replaced now.

    Raises:
        ValueError: an unknown version, a key that is not there, or vectors of other images or of
            another version than were asked for, a chunk below 1, a limit below 0.

    >>> from rbcl_lite.gallery import Evidence, Gallery
    >>> import torch
    >>> old = Features(torch.eye(3), [1, 2, 3], model="old", keys=["a", "b", "c"])
    >>> def nobody(keys): return Features(torch.ones(len(keys), 3), [-1] * len(keys), model="new", keys=keys)
    >>> with Gallery(None, dim=3) as gallery:
    ...     gallery.add(old)
    ...     gallery.register("new", {"old": Evidence(0.5, 0.3, "2026-11-02")})
    ...     refill(gallery, ["c", "a", "b"], nobody, "new", limit=2), refill(gallery, ["c", "a", "b"], nobody, "new")
    (2, 1)
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1 image, got {chunk}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")
    order = unique(order)
    check_known(version, store.versions)
    rows = store.rows()
    made = dict(zip(rows["key"], rows["version"]))
    absent = [k for k in order if k not in made]
    if absent:
        raise ValueError(
            f"{len(absent)} of {len(order)} keys are not in the gallery, first {absent[0]!r}; nothing was replaced. "
            "Backfill replaces vectors; add puts new images in"
        )
    todo = [k for k in order if made[k] != version]
    todo = todo if limit is None else todo[:limit]
    with bar(total=len(todo), desc=f"backfill to {version}", enabled=progress) as b:
        for start in range(0, len(todo), chunk):
            keys = todo[start : start + chunk]
            features = extract(keys)
            if features.keys is None or list(features.keys) != keys:
                raise ValueError(f"extract gave vectors of other images than the {len(keys)} that were asked for")
            if features.model and features.model != version:
                raise ValueError(f"extract gave vectors of {features.model!r}, the backfill is to {version!r}")
            store.backfill(features, version=version)
            b.update(len(keys))
    return len(todo)


def reader(features: Features, version: str | None = None) -> Callable[[list[str]], Features]:
    """A function from keys to vectors that were made before, in the place of a model.

    Args:
        features: vectors with keys.
        version: the model that made them, instead of ``features.model``.

    Raises:
        ValueError: no keys.
    """
    if features.keys is None:
        raise ValueError("vectors without keys cannot be looked up: construct Features with keys=[image names]")
    features = replace(features, model=version) if version else features
    place = {key: i for i, key in enumerate(features.keys or ())}
    return lambda keys: features[[place[key] for key in keys]]


@dataclass(frozen=True)
class Cost:
    """What a backfill takes.

    Args:
        images: read and extracted again.
        hours: until the last one, all machines working.
        vector_gb: 10⁹ bytes of new vectors that are written.
        image_gb: 10⁹ bytes of images that are read.
    """

    images: int
    hours: float
    vector_gb: float
    image_gb: float

    def __str__(self) -> str:
        return (
            f"{self.images:,} images, {self.hours:,.1f} hours, {self.vector_gb:,.1f} GB of vectors written, "
            f"{self.image_gb:,.1f} GB of images read"
        )


def refill_cost(
    images: int,
    dim: int,
    *,
    extracted: float,
    written: float,
    machines: int = 1,
    image_bytes: float = 0.0,
    coordinate_bytes: int = 4,
) -> Cost:
    """Cost of a backfill from rates that were measured.

    Extraction and writing go on at the same time, so the slower of the two decides; the writer is
    one, however many machines extract.

    Args:
        images: how many get a new vector.
        dim: coordinates of a vector.
        extracted: images that one machine extracts in a second.
        written: vectors that the gallery replaces in a second.
        machines: that extract.
        image_bytes: of a stored image.
        coordinate_bytes: 4 for float32, 2 for float16.

    Raises:
        ValueError: a rate, or a number of machines, that is not positive.

    >>> print(refill_cost(7_200_000, 256, extracted=500, written=5000, machines=2, image_bytes=10_000))
    7,200,000 images, 2.0 hours, 7.4 GB of vectors written, 72.0 GB of images read
    """
    for name, value in (("extracted", extracted), ("written", written), ("machines", machines)):
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be positive, got {value}")
    hours = images / min(extracted * machines, written) / 3600
    return Cost(images, hours, images * dim * coordinate_bytes / 1e9, images * image_bytes / 1e9)
