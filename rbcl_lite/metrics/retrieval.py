"""mAP, CMC and mINP of a ranking, by the protocol of person re-identification."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.base.progress import bar
from rbcl_lite.features import Features
from rbcl_lite.metrics.hits import Gallery, hit_ranks
from rbcl_lite.metrics.inputs import IntegerArray, as_distances, as_integers, check_finite
from rbcl_lite.metrics.result import CAMERAS_KNOWN, CAMERAS_OF_ONE_SIDE, CAMERAS_UNKNOWN, RankingResult
from rbcl_lite.metrics.sides import Side, number_images, warn_of_the_same_images

_BLOCK = 2**21  # distances that are looked at together: 8 MB in float32
_TILE = 4096  # gallery rows that are lifted to float64 together


def evaluate_distances(
    distances: Tensor | np.ndarray,
    query_ids: IntegerArray,
    gallery_ids: IntegerArray,
    query_cams: IntegerArray | None = None,
    gallery_cams: IntegerArray | None = None,
    *,
    query_keys: Sequence[str] | None = None,
    gallery_keys: Sequence[str] | None = None,
    max_rank: int = 50,
) -> RankingResult:
    r"""Score a matrix of distances by the Market-1501 protocol (Zheng et al. 2015).

    For each query, gallery images of the same identity *and* the same camera are junk: they are
    removed before ranking. So are gallery images of identity -1 (any below 0), and the query's own
    image where keys tell that it lies in the gallery: an image is never its own match. With
    :math:`P` positives left, the j-th nearest of them at rank :math:`r_j`,

    .. math:: AP = \frac1P \sum_{j=1}^{P} \frac{j}{r_j}, \qquad
              CMC(k) = [r_1 \le k], \qquad INP = \frac{P}{r_P},

    each averaged over the valid queries: those with at least one positive (AP without
    interpolation; INP from Ye et al. 2021). Ties count against the query: a negative at the same
    distance as a positive ranks before it, so :math:`r_j = j + \#\{\text{negatives with } d \le
    d_j\}`. These are the smallest AP, CMC and INP that any order consistent with the distances can
    give (how positives tied among themselves are ordered changes nothing), and a model that maps
    all images to one point gets the score of the worst order, not of a lucky one.

    Args:
        distances: [Q, G], small is near, in any unit; the input is not changed.
        query_ids: [Q] integer identities; a query of identity -1 (any below 0) is left out.
        gallery_ids: [G] integer identities.
        query_cams: [Q] integer cameras, or None where they are unknown.
        gallery_cams: [G] integer cameras, or None. If either side is None, no camera makes an image
            junk.
        query_keys: Q image names, or None where it is known that no query lies in the gallery.
        gallery_keys: G image names, or None.
        max_rank: length K of the CMC curve. It may exceed the gallery: the curve is defined by the
            rank of the first hit and stays flat beyond the last image.

    Returns:
        RankingResult, values 0..1. A warning says how many images of nobody were left out.

    Raises:
        ValueError: a wrong shape or length, NaN or infinity, an empty side, one key with two
            identities, or no valid query at all.

    >>> distances = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    >>> result = evaluate_distances(distances, [1], [1, 2, 1, 1], query_cams=[0], gallery_cams=[0, 0, 1, 2])
    >>> round(result.mAP, 4)            # the first image is junk; positives at ranks 2 and 3: (1/2 + 2/3) / 2
    0.5833
    >>> result.cmc[:3].tolist()
    [0.0, 1.0, 1.0]
    >>> print(evaluate_distances(torch.zeros(1, 4), [1], [1, 2, 3, 4]))     # all tied: the positive ranks last
    mAP 25.0 %  rank-1 0.0 %  rank-5 100.0 %  rank-10 100.0 %  mINP 25.0 %  (1 query; cameras
    unknown: same-camera images count)
    """
    matrix = distances.detach() if isinstance(distances, Tensor) else np.asarray(distances)
    if matrix.ndim != 2:
        raise ValueError(f"distances must be [queries, gallery], got shape {list(matrix.shape)}")
    queries, images = int(matrix.shape[0]), int(matrix.shape[1])
    if (query_keys is None) != (gallery_keys is None):
        raise ValueError("keys are given for one side only; give query_keys and gallery_keys, or neither")
    step = max(1, _BLOCK // max(1, images))
    blocks = (as_distances(matrix[i : i + step]) for i in range(0, queries, step))
    sides = [
        as_integers(n, a, k) for n, a, k in (("query_ids", query_ids, queries), ("gallery_ids", gallery_ids, images))
    ]
    query = Side(sides[0], None if query_cams is None else as_integers("query_cams", query_cams, queries))
    gallery = Side(sides[1], None if gallery_cams is None else as_integers("gallery_cams", gallery_cams, images))
    return _evaluate(blocks, *_with_images(query, gallery, query_keys, gallery_keys), max_rank)


def evaluate_ranking(
    query: Features, gallery: Features, *, chunk: int | None = None, max_rank: int = 50, progress: bool | None = None
) -> RankingResult:
    """Score retrieval of ``gallery`` by ``query`` with the cosine distance, a chunk of queries at a
    time.

    The protocol is that of :func:`evaluate_distances`: where both sides have keys, an image is
    never its own match. Where one has none, a warning says how many queries have the very vector of
    an image of their person. Products are summed in float64 and rounded to float32, so that images
    with the same vector tie, whatever ``chunk``, device and BLAS are.

    Args:
        query: Q unit vectors of D coordinates, with ids and perhaps cameras and keys.
        gallery: G unit vectors of D coordinates; the model may be another one than the query's (a
            cross-test).
        chunk: queries per step, or None for steps of 2 million distances; the full [Q, G] matrix
            never exists.
        max_rank: length K of the CMC curve.
        progress: show a bar; None shows it on a terminal.

    Returns:
        RankingResult, values 0..1.

    Raises:
        ValueError: different dimensions, an empty side, one key with two identities, or no query
            with a positive.

    >>> gallery = Features(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]), ids=[1, 2, 1])
    >>> query = Features(torch.tensor([[1.0, 0.1], [0.1, 1.0]]), ids=[1, 2])
    >>> print(evaluate_ranking(query, gallery))
    mAP 100.0 %  rank-1 100.0 %  rank-5 100.0 %  rank-10 100.0 %  mINP 100.0 %  (2 queries; cameras
    unknown: same-camera images count)
    """
    if query.dim != gallery.dim:
        raise ValueError(
            f"query vectors have {query.dim} dimensions and gallery vectors {gallery.dim}; "
            f"compare them with query.fit({gallery.dim}) (Features.fit keeps the first coordinates or appends zeros)"
        )
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk must be at least 1 query, got {chunk}")
    step = chunk or max(1, _BLOCK // max(1, len(gallery)))
    starts = range(0, len(query), step)
    steps = bar(starts, desc="ranking", enabled=progress if len(starts) > 1 else False)
    blocks = (_cosine_distances(query.vectors[i : i + step], gallery.vectors) for i in steps)
    sides = [Side(f.ids.cpu().numpy(), None if f.cams is None else f.cams.cpu().numpy()) for f in (query, gallery)]
    if len(query) and len(gallery) and (query.keys is None or gallery.keys is None):
        warn_of_the_same_images(query, gallery, all(s.cams is not None for s in sides))
    return _evaluate(blocks, *_with_images(sides[0], sides[1], query.keys, gallery.keys), max_rank)


def _with_images(
    query: Side, gallery: Side, query_keys: Sequence[str] | None, gallery_keys: Sequence[str] | None
) -> tuple[Side, Side]:
    if query_keys is None or gallery_keys is None:
        return query, gallery
    numbers = number_images(query_keys, gallery_keys, query.ids, gallery.ids)
    return Side(query.ids, query.cams, numbers[0]), Side(gallery.ids, gallery.cams, numbers[1])


def _evaluate(blocks: Iterator[np.ndarray], query: Side, gallery: Side, max_rank: int) -> RankingResult:
    """Scores from blocks of query rows, which together are [Q, G] and may be overwritten."""
    for name, side in (("queries", query), ("gallery", gallery)):
        if len(side) == 0:
            raise ValueError(f"nothing to rank: the {name} side is empty")
    if max_rank < 1:
        raise ValueError(f"max_rank must be at least 1, got {max_rank}")
    nobody = int((query.ids < 0).sum()), int((gallery.ids < 0).sum())
    if any(nobody):
        warnings.warn(
            f"{nobody[0]} queries and {nobody[1]} gallery images have an identity below 0 (junk) and are left out",
            stacklevel=3,
        )
    known = (query.cams is not None) + (gallery.cams is not None)
    grouped = Gallery.group(gallery)
    ap, inp, first_hit = (np.full(len(query), np.nan) for _ in range(3))
    start = 0
    for block in blocks:
        check_finite(block, start)
        rows, number, rank = hit_ranks(block, query[start : start + len(block)], grouped)
        last = np.flatnonzero(np.diff(rows, append=-1))  # where the next pair belongs to another query
        who, positives = start + rows[last], number[last]
        ap[who] = np.bincount(rows, number / rank, minlength=len(block))[rows[last]] / positives
        inp[who] = positives / rank[last]
        first_hit[who] = rank[last - positives + 1]
        start += len(block)
    valid = ~np.isnan(ap)
    if not valid.any():
        shared = query.images is not None and bool((query.images >= 0).any())
        why = " under another camera (same id and same camera is junk); pass cameras as None if they are not known"
        raise ValueError(
            f"none of the {len(query)} queries has a positive in the gallery of {len(gallery)} images: "
            "no identity is on both sides"
            + (why if known == 2 else "")
            + (" in another image (equal keys are one image)" if shared else "")
        )
    reached = np.searchsorted(np.sort(first_hit[valid]), np.arange(1, max_rank + 1), side="right")
    cmc = reached / valid.sum()
    rule = (CAMERAS_UNKNOWN, CAMERAS_OF_ONE_SIDE, CAMERAS_KNOWN)[known]
    return RankingResult(float(ap[valid].mean()), cmc, float(inp[valid].mean()), ap, valid, first_hit, rule)


def _cosine_distances(query: Tensor, gallery: Tensor) -> np.ndarray:
    """Negative cosines [q, G] in float32 (1 - cosine has the same order, but rounds small
    differences away).
    """
    device = torch.device("cpu") if gallery.device.type == "mps" else gallery.device  # mps has no float64
    left = query.to(device, torch.float64).neg_()
    out = np.empty((len(query), len(gallery)), dtype=np.float32)
    for i in range(0, len(gallery), _TILE):
        tile = gallery[i : i + _TILE].to(device, torch.float64)
        out[:, i : i + _TILE] = (left @ tile.T).float().cpu().numpy()
    return out
