"""Orders of a backfill: which images get their new vectors first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rbcl_lite.gallery.records import Hits


def random_order(keys: Sequence[str], *, seed: int = 0) -> list[str]:
    """All keys in a random order, always the same for a seed.

    Args:
        keys: G names of images.
        seed: of the order.

    >>> sorted(random_order(["a", "b", "c"], seed=1))
    ['a', 'b', 'c']
    """
    return _by(keys, np.zeros(len(keys)), seed)


def most_searched(keys: Sequence[str], log: Hits, *, weights: np.ndarray | None = None, seed: int = 0) -> list[str]:
    """Images that searches have listed most often first: what users look at.

    Args:
        keys: G names of images.
        log: what Q searches found; a hit on another image than these counts nowhere.
        weights: [Q] how often each search was made; once by default.
        seed: of the order among images that were listed equally often.

    Raises:
        ValueError: not one weight for each search.

    >>> log = Hits(np.array([["b", "c"], ["b", ""]]), *[np.zeros((2, 2))] * 5)
    >>> most_searched(["a", "b", "c"], log)
    ['b', 'c', 'a']
    """
    places = _places(keys, log)
    weights = np.ones(len(log)) if weights is None else np.asarray(weights, np.float64)
    if weights.shape != (len(log),):
        raise ValueError(f"weights must be [{len(log)}], one for each search, got shape {list(weights.shape)}")
    found = places >= 0
    counted = np.bincount(places[found], np.broadcast_to(weights[:, None], places.shape)[found], len(keys))
    return _by(keys, -counted, seed)


def least_certain(keys: Sequence[str], log: Hits, *, seed: int = 0) -> list[str]:
    """Images of the least certain searches first.

    A search is certain by the margin between the score of its first hit and that of the first hit
    that shows somebody else than the first one does. Two hits that nobody has named show two
    people. An image is as certain as the least certain search that lists it at or before that
    stranger: those are the vectors between which the search could not decide.

    Args:
        keys: G names of images.
        log: what Q searches found, with the persons where they are known.
        seed: of the order among equally certain images, and among those that no search listed,
            which come last.

    >>> log = Hits(np.array([["a", "b"], ["c", "d"]]), np.array([[0.9, 0.5], [0.9, 0.8]]),
    ...            np.array([[1, 2], [3, 4]]), *[np.zeros((2, 2))] * 3)
    >>> least_certain(["a", "c"], log)
    ['c', 'a']
    """
    places = _places(keys, log)
    other = (log.persons != log.persons[:, :1]) | (log.persons < 0)
    other[:, 0] = False
    other &= log.found
    some = other.any(axis=1)
    first = other.argmax(axis=1)
    margin = np.full(len(log), np.inf)
    margin[some] = (log.scores[:, 0] - np.take_along_axis(log.scores, first[:, None], 1)[:, 0])[some]
    decided = (np.arange(places.shape[1]) <= np.where(some, first, -1)[:, None]) & (places >= 0)
    certain = np.full(len(keys), np.inf)
    np.minimum.at(certain, places[decided], np.broadcast_to(margin[:, None], places.shape)[decided])
    return _by(keys, certain, seed)


def by_camera(
    keys: Sequence[str], cams: np.ndarray, *, cameras: Sequence[int] | None = None, seed: int = 0
) -> list[str]:
    """One camera after the other, as an operator would switch them over.

    Args:
        keys: G names of images.
        cams: [G] cameras.
        cameras: the order of the cameras; by number where it is not given. Those that are not named
            come last.
        seed: of the order within a camera.

    Raises:
        ValueError: not one camera for each key, or a camera that has no image here.

    >>> by_camera(["a", "b", "c"], np.array([2, 1, 2]), cameras=[1])[0]
    'b'
    """
    cams = np.asarray(cams)
    if cams.shape != (len(keys),):
        raise ValueError(f"cams must be [{len(keys)}], one for each key, got shape {list(cams.shape)}")
    there = np.unique(cams).tolist()
    named = list(cameras or ())
    unknown = [c for c in named if c not in there]
    if unknown:
        raise ValueError(f"camera {unknown[0]} has no image here; there are {there}")
    turn = {c: i for i, c in enumerate([*named, *(c for c in there if c not in named)])}
    return _by(keys, np.array([turn[c] for c in cams.tolist()]), seed)


def worst_placed(keys: Sequence[str], persons: np.ndarray, log: Hits, asked: np.ndarray, *, seed: int = 0) -> list[str]:
    """Images first that new queries of their own person find last: the old vectors that the new
    model reads worst.

    It takes queries whose person is known. An image's place is its mean rank in the searches for
    its person; where a search does not list it, the rank after the last one.

    Args:
        keys: G names of images.
        persons: [G] who they show.
        log: what Q queries of the new model found among the old vectors.
        asked: [Q] whom each query shows.
        seed: of the order among equals, and among images for whose person nobody asked, which come
            last.

    Raises:
        ValueError: a wrong number of persons.

    >>> log = Hits(np.array([["b", "c", "a"]]), *[np.zeros((1, 3))] * 5)
    >>> worst_placed(["a", "b", "c"], np.array([7, 7, 8]), log, np.array([7]))
    ['a', 'b', 'c']
    """
    persons, asked = np.asarray(persons), np.asarray(asked)
    if persons.shape != (len(keys),) or asked.shape != (len(log),):
        raise ValueError(
            f"persons must be [{len(keys)}] and asked [{len(log)}], got {list(persons.shape)} and {list(asked.shape)}"
        )
    places = _places(keys, log)
    depth = places.shape[1]
    ranks, searches = np.zeros(len(keys)), np.zeros(len(keys))
    for row, person in zip(places, asked.tolist()):
        own = np.flatnonzero(persons == person)
        rank = np.full(len(keys), depth + 1)
        rank[row[row >= 0]] = np.flatnonzero(row >= 0) + 1
        ranks[own] += rank[own]
        searches[own] += 1
    mean = np.divide(ranks, searches, out=np.zeros(len(keys)), where=searches > 0)
    return _by(keys, -mean, seed)


def _places(keys: Sequence[str], log: Hits) -> np.ndarray:
    """[Q, K] position of each hit among the keys, -1 where it is none of them."""
    position = {key: i for i, key in enumerate(keys)}
    if len(position) < len(keys):
        raise ValueError(f"{len(keys) - len(position)} keys occur twice; an order names each image once")
    flat = [position.get(k, -1) for k in np.asarray(log.keys).ravel().tolist()]
    return np.array(flat, np.int64).reshape(np.shape(log.keys))


def _by(keys: Sequence[str], value: np.ndarray, seed: int) -> list[str]:
    """Keys by ascending value, equal ones in the random order of a seed."""
    shuffled = np.random.default_rng(seed).permutation(len(keys))
    order = np.lexsort((shuffled, value))
    return [keys[i] for i in order.tolist()]
