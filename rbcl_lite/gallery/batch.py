"""Batch of vectors as a gallery takes them: checked before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from rbcl_lite.features import Features
from rbcl_lite.gallery.records import NOBODY
from rbcl_lite.gallery.where import Time, seconds


@dataclass(frozen=True)
class Batch:
    """N vectors with all that is known of each, in the types that are stored.

    Args:
        keys: N names, all different.
        vectors: [N, D] float32 unit vectors.
        persons: [N] int64, -1 where not known.
        cams: [N] int64, -1 where not known.
        times: [N] float64, NaN where not known.
        version: model that made them.
    """

    keys: list[str]
    vectors: np.ndarray
    persons: np.ndarray
    cams: np.ndarray
    times: np.ndarray
    version: str

    def __len__(self) -> int:
        return len(self.keys)

    def in_place_of(self, persons: np.ndarray, cams: np.ndarray, times: np.ndarray) -> Batch:
        """The same vectors, with what the gallery knows of the images.

        Args:
            persons: [N] that the keys have in the gallery.
            cams: [N] likewise.
            times: [N] likewise.

        Raises:
            ValueError: a key that another person or camera has.
        """
        for name, was, now in (("person", persons, self.persons), ("camera", cams, self.cams)):
            wrong = np.flatnonzero((was != NOBODY) & (now != NOBODY) & (was != now))
            if len(wrong):
                i = int(wrong[0])
                raise ValueError(
                    f"{self.keys[i]!r} has {name} {was[i]} in the gallery and {now[i]} in the new vectors "
                    f"({len(wrong)} such keys): is it the same image? Nothing was replaced"
                )
        return replace(self, persons=persons, cams=cams, times=times)


def query_vectors(features: Features, dim: int) -> np.ndarray:
    """[Q, D] float32 of queries.

    Raises:
        ValueError: another dimension than the gallery's, NaN.
    """
    if features.dim != dim:
        raise ValueError(
            f"{features.model or 'these'} vectors have {features.dim} dimensions, the gallery has {dim}; "
            f"bring them to its width with features.fit({dim})"
        )
    vectors = np.ascontiguousarray(features.vectors.cpu().numpy(), np.float32)
    finite = np.isfinite(vectors)  # Features checks it too, but its tensor can be written to
    if not finite.all():
        raise ValueError(f"row {int(np.argmin(finite.all(axis=1)))} of the vectors holds NaN or infinity")
    return vectors


def version_of(features: Features, version: str | None = None) -> str:
    """The version that made the vectors: the one that is given, or ``features.model``.

    Raises:
        ValueError: neither says one.
    """
    name = version or features.model
    if not name:
        raise ValueError("which version made these vectors? Features.model is empty: give Features(model=...) a name")
    return name


def unique(keys: Sequence[str]) -> list[str]:
    """The keys as a list.

    Raises:
        ValueError: a key that occurs twice, or an empty one.
    """
    if isinstance(keys, str):
        raise ValueError(f"give a list of keys, not the single text {keys!r}")
    out = [str(k) for k in keys]
    if len(set(out)) < len(out):
        seen: set[str] = set()
        twice = next(k for k in out if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise ValueError(
            f"key {twice!r} occurs twice in one call ({len(out) - len(set(out))} such): one image, one key"
        )
    if "" in out:
        raise ValueError("a key is empty; a key names the image")
    return out


def check_new(keys: Sequence[str], there: Collection[str]) -> None:
    """Make sure that no key is in the gallery.

    Args:
        keys: to be added.
        there: those of them that are in the gallery.

    Raises:
        ValueError: there is one.
    """
    if there:
        key = next(k for k in keys if k in there)
        raise ValueError(
            f"key {key!r} is in the gallery already ({len(there)} of {len(keys)} are); nothing was added: "
            "backfill replaces vectors, remove takes them out"
        )


def check_there(keys: Sequence[str], there: Collection[str]) -> None:
    """Make sure that every key is in the gallery.

    Args:
        keys: that are wanted.
        there: those of them that are in the gallery.

    Raises:
        ValueError: one is not.
    """
    absent = [k for k in keys if k not in there]
    if absent:
        raise ValueError(
            f"key {absent[0]!r} is not in the gallery ({len(absent)} of {len(keys)} are not); nothing was changed"
        )


def as_batch(
    features: Features, dim: int, *, version: str | None = None, time: Time | Sequence[Time] | None = None
) -> Batch:
    """Check vectors before they are stored.

    Args:
        features: N vectors with keys; an id below 0 is a person that is not known.
        dim: coordinates that the gallery holds.
        version: model that made them, instead of ``features.model``.
        time: when the images were taken; one for all, or N.

    Raises:
        ValueError: no keys, a key twice, another dimension, NaN, no version, a camera below 0, or
            another number of times.
    """
    name = version_of(features, version)
    vectors = query_vectors(features, dim)
    if features.keys is None:
        raise ValueError("a gallery needs the name of each image: construct Features with keys=[image names]")
    keys = unique(features.keys)
    n = len(keys)
    persons = np.maximum(features.ids.cpu().numpy().astype(np.int64), NOBODY)
    cams = np.full(n, NOBODY) if features.cams is None else features.cams.cpu().numpy().astype(np.int64)
    if features.cams is not None and (cams < 0).any():
        row = int(np.argmax(cams < 0))
        raise ValueError(f"camera {cams[row]} of {keys[row]!r} is below 0; where cameras are unknown give cams=None")
    if time is None:
        times = np.full(n, np.nan)
    elif isinstance(time, int | float | datetime):
        times = np.full(n, seconds(time))
    else:
        times = np.array([seconds(t) for t in time], np.float64)
        if len(times) != n:
            raise ValueError(f"time has {len(times)} entries for {n} vectors; give one for all, or one for each")
    return Batch(keys, vectors, persons, cams, times, name)
