"""Search of a snapshot: candidates from each part, ordered by exact scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rbcl_lite.gallery.exact import exact_search
from rbcl_lite.gallery.inverted import Inverted
from rbcl_lite.gallery.part import Choice, Part
from rbcl_lite.gallery.records import NOBODY, Hits
from rbcl_lite.gallery.snapshot import Snapshot
from rbcl_lite.gallery.where import Where

_SPARE = 8  # candidates more than asked for: approximate products are ordered again in float64
_FEW = 4096  # so few allowed vectors are compared one by one, rather than looked for in lists
_MANY = 256  # so many rows that a query must not find are masked, rather than asked for in vain
_SHIFT = 40  # a place in a part, and above these bits the number of the part
NO_VIEW = (NOBODY, NOBODY)
_NONE = np.empty(0, np.int64)
_NOTHING = (("", object), (NOBODY, np.int64), (NOBODY, np.int64), (np.nan, np.float64), ("", object))


@dataclass(frozen=True)
class Question:
    """Queries, and what they must not find.

    Args:
        vectors: [Q, D] float32 unit vectors.
        k: hits for each.
        where: a condition on what may be found.
        views: for each query its person and its camera, whose rows are left out, or ``NO_VIEW``.
        own: for each query the row of its own image, 0 for none.
        exact: compare with every vector.
    """

    vectors: np.ndarray
    k: int
    where: Where
    views: Sequence[tuple[int, int]]
    own: Sequence[int]
    exact: bool = False


def search(snapshot: Snapshot, question: Question) -> Hits:
    """The k nearest rows of each query, the older row first where two are equally near."""
    lists: dict[str, np.ndarray] = {}
    parts, k, q = snapshot.parts, question.k, len(question.vectors)
    found = [_candidates(snapshot, part, question, lists) for part in parts] or [_no_candidates(q)]
    numbers, scores = found[0]
    if len(found) > 1:
        numbers = np.concatenate([number << _SHIFT | places for number, (places, _) in enumerate(found)], axis=1)
        scores = np.concatenate([scores for _, scores in found], axis=1)
    order = np.lexsort((numbers, -scores), axis=1)[:, :k]
    line = np.arange(q)[:, None]
    numbers, scores = numbers[line, order], scores[line, order]
    numbers[scores == -np.inf] = -1
    if numbers.shape[1] < k:
        left_over = ((0, 0), (0, k - numbers.shape[1]))
        numbers = np.pad(numbers, left_over, constant_values=-1)
        scores = np.pad(scores, left_over, constant_values=-np.inf)
    return _hits(snapshot, parts, numbers >> _SHIFT, numbers & (1 << _SHIFT) - 1, scores)


def _candidates(
    snapshot: Snapshot, part: Part, question: Question, lists: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and exact scores [Q, K'] in one part; what must not be found has the score -inf.

    ``lists`` remembers, for all parts with the same centres, which are nearest to the queries.
    """
    choice = part.choice(question.where, snapshot.versions)
    queries, n = question.vectors, len(question.vectors)
    if not choice.count:
        return _no_candidates(n)
    out = [_left_out(part, *pair) for pair in zip(question.views, question.own)]
    wanted = question.k + _SPARE + min(max(map(len, out), default=0), _MANY)
    quick = None if question.exact or choice.count <= _FEW else part.inverted
    places = _near(part, quick, choice, queries, wanted, lists)
    for i in [i for i, at in enumerate(out) if len(at) > _MANY]:
        mask = np.ones(len(part), bool) if choice.mask is None else choice.mask.copy()
        mask[out[i]] = False
        places[i] = -1
        alone = _near(part, quick, Choice(mask, int(mask.sum())), queries[i : i + 1], wanted, {})
        places[i, : alone.shape[1]] = alone
    near = part.vectors[places].astype(np.float64)
    scores = np.matmul(near, queries.astype(np.float64)[:, :, None])[:, :, 0].astype(np.float32)
    scores[places < 0] = -np.inf
    for line, line_places, at in zip(scores, places, out):
        if len(at):
            line[(line_places[:, None] == at).any(axis=1) if len(at) <= _MANY else np.isin(line_places, at)] = -np.inf
    return places, scores


def _no_candidates(queries: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32)


def _left_out(part: Part, view: tuple[int, int], own: int) -> np.ndarray:
    """Positions of what a query must not find: its person at its camera, and its own image."""
    at = _NONE if view == NO_VIEW else part.same_view(*view)
    return np.append(at, part.places(np.array([own]))) if own else at


def _near(
    part: Part, index: Inverted | None, choice: Choice, queries: np.ndarray, k: int, lists: dict[str, np.ndarray]
) -> np.ndarray:
    """[Q, K'] positions of the nearest, in no particular order; -1 where nothing is left."""
    if index is None:
        return exact_search(queries, part.vectors, k, choice.mask)[0]
    count = index.probes(max(choice.count, 1) / len(part))
    known = lists.get(index.trained)
    if known is None or known.shape[1] < count:
        known = lists[index.trained] = index.nearest_lists(queries, count)
    return index.search(queries, min(k, len(part)), known[:, :count], choice.bits)[0]


def _hits(snapshot: Snapshot, parts: Sequence[Part], which: np.ndarray, places: np.ndarray, scores: np.ndarray) -> Hits:
    """What is known of the rows at these positions of these parts; part -1 is none."""
    if len(parts) == 1 and which.min(initial=0) == 0:  # nearly always: nothing to be put together
        columns = [column.reshape(which.shape) for column in _columns(snapshot, parts[0], places.ravel())]
    else:
        columns = [np.full(which.shape, nothing, kind) for nothing, kind in _NOTHING]
        for number, part in enumerate(parts):
            here = which == number
            if here.any():
                for column, known in zip(columns, _columns(snapshot, part, places[here])):
                    column[here] = known
    keys, persons, cams, times, versions = columns
    return Hits(keys, scores, persons, cams, times, versions, snapshot.generation)


def _columns(snapshot: Snapshot, part: Part, at: np.ndarray) -> list[np.ndarray]:
    """Keys, persons, cameras, times and names of versions at some positions of a part."""
    keys = np.array([part.keys[i] for i in at.tolist()], object)
    versions = np.array([snapshot.versions[n].name for n in part.versions[at].tolist()], object)
    return [keys, part.persons[at], part.cams[at], part.times[at], versions]
