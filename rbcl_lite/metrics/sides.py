"""Sides of a ranking: what is known of queries and gallery, and one image on both of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rbcl_lite.features import Features

_PAIRS = 4096  # pairs of vectors that are compared at a time


@dataclass(frozen=True)
class Side:
    """N queries or gallery images.

    Args:
        ids: [N] int64; below 0 is junk: an image of nobody.
        cams: [N] int64, or None where cameras are unknown.
        images: [N] int64 number of the image, the same on both sides; None where images have no
            names.
    """

    ids: np.ndarray
    cams: np.ndarray | None = None
    images: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> Side:
        """Some of the rows."""
        return Side(self.ids[part], *(None if a is None else a[part] for a in (self.cams, self.images)))


def number_images(
    query_keys: Sequence[str], gallery_keys: Sequence[str], query_ids: np.ndarray, gallery_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers [Q] and [G] of the images, equal where the keys are.

    Raises:
        ValueError: a number of keys that does not fit, or one key with two identities.

    >>> query, gallery = number_images(["a", "b"], ["b", "c"], np.array([1, 2]), np.array([2, 1]))
    >>> query.tolist(), gallery.tolist()
    ([-1, 0], [0, 1])
    """
    for side, keys, ids in (("query", query_keys, query_ids), ("gallery", gallery_keys, gallery_ids)):
        if len(keys) != len(ids):
            raise ValueError(f"{side}_keys must be {len(ids)} names, one for each image, got {len(keys)}")
    place = {key: i for i, key in enumerate(dict.fromkeys(gallery_keys))}
    gallery = np.fromiter((place[key] for key in gallery_keys), np.int64, len(gallery_keys))
    query = np.fromiter((place.get(key, -1) for key in query_keys), np.int64, len(query_keys))
    identity = np.zeros(len(place), np.int64)
    identity[gallery] = gallery_ids
    for keys, images, ids in ((gallery_keys, gallery, gallery_ids), (query_keys, query, query_ids)):
        seen = np.flatnonzero(images >= 0)
        wrong = seen[identity[images[seen]] != ids[seen]]
        if len(wrong):
            i = int(wrong[0])
            raise ValueError(
                f"key {keys[i]!r} is identity {ids[i]} at one place and {identity[images[i]]} in the gallery "
                f"({len(wrong)} such keys): a key names one image. Make keys such as 'folder/file', or leave them out"
            )
    return query, gallery


def warn_of_the_same_images(query: Features, gallery: Features, same_camera_is_junk: bool) -> None:
    """Warn where queries find themselves: bitwise the vector of a gallery image of their person.

    Only for sides without keys; with them such pairs are known and left out.

    Args:
        query: Q vectors.
        gallery: G vectors of the same dimension.
        same_camera_is_junk: pairs of one camera are left out anyway.
    """
    if query is gallery and not same_camera_is_junk:
        found = len(query)
    else:
        rows, columns = _candidates(query, gallery)
        if same_camera_is_junk and query.cams is not None and gallery.cams is not None:
            other = query.cams.cpu().numpy()[rows] != gallery.cams.cpu().numpy()[columns]
            rows, columns = rows[other], columns[other]
        twins: set[int] = set()
        for i in range(0, len(rows), _PAIRS):
            r, c = rows[i : i + _PAIRS], columns[i : i + _PAIRS]
            pairs = (f.vectors[torch.from_numpy(at)].cpu() for f, at in ((query, r), (gallery, c)))
            same = torch.eq(*pairs).all(dim=1).numpy()
            twins.update(r[same].tolist())
        found = len(twins)
    if found:
        warnings.warn(
            f"{found} of {len(query)} queries have bitwise the vector of a gallery image of their person. If it is the "
            "same image, they find themselves and the scores mean nothing: give both Features keys, and an image is "
            "never its own match",
            stacklevel=3,
        )


def _candidates(query: Features, gallery: Features) -> tuple[np.ndarray, np.ndarray]:
    """(query row, gallery row) of one identity and one first coordinate: few, where images differ."""
    ids = np.concatenate([f.ids.cpu().numpy() for f in (query, gallery)])
    first = np.concatenate([f.vectors[:, 0].float().cpu().numpy() for f in (query, gallery)])
    tags = np.unique(ids, return_inverse=True)[1] << 32 | first.view(np.uint32)
    left, right = tags[: len(query)], tags[len(query) :]
    order = np.argsort(right, kind="stable")
    start = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - start
    rows = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, order[np.repeat(start, count) + within]
