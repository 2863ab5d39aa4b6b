"""Holdout of people for validation and test, and queries and a gallery of their images.

Whatever is drawn for a person depends on the name, the seed and the shares, never on who else is
there: a data set can grow between an old model and a new one, and nobody changes sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rbcl_lite.data.identities import drawn

TRIED = 200_000
"""So many people are put into a part to find a seed that works; it is named in the message."""


def part_of(name: str, shares: Sequence[float], seed: int) -> int:
    """The part of a person: 0 for training, or 1, 2, ... for one of the held-out shares.

    The last share lies first in [0, 1), so that a change of an earlier share leaves the later parts
    as they are.

    >>> [part_of(name, [0.2, 0.3], seed=0) for name in ("anna", "bo", "7", "007")]
    [2, 1, 2, 2]
    """
    place, end = drawn(seed, "part", name), 0.0
    for part in range(len(shares), 0, -1):
        end += shares[part - 1]
        if place < end:
            return part
    return 0


def split_people(
    names: Sequence[str], shares: Sequence[float], seed: int, what: str = "the data set"
) -> list[list[str]]:
    """Disjoint groups of people: one for each share, and the rest in front.

    Who belongs where is :func:`part_of` the name alone, so that people can be added without anybody
    changing sides. The price is that shares hold in expectation: of 20 people and a share of 0.2,
    four are held out on average.

    Args:
        names: identity of each image, as the user named it.
        shares: share of all people in each held-out group, in (0, 1).
        seed: of the draw.
        what: what is split, for the message.

    Returns:
        ``len(shares) + 1`` ascending lists of names.

    Raises:
        ValueError: a share outside (0, 1), shares that leave nobody to train on, one identity only,
            or a group of fewer than two people (a retrieval among images of one person is always
            right).

    >>> split_people(["anna", "anna", "bo", "cy", "di", "ed", "flo"], [0.4], seed=4)
    [['cy', 'ed', 'flo'], ['anna', 'bo', 'di']]
    """
    for share in shares:
        if not 0 < share < 1:
            raise ValueError(f"a held-out share of people must lie between 0 and 1, got {share}")
    if sum(shares) >= 1:
        raise ValueError(f"held-out shares {list(shares)} leave nobody of {what} for training; lower them")
    people = sorted(set(names))
    groups = len(shares) + 1
    if len(people) == 1:
        raise ValueError(
            f"all {len(names)} images of {what} have one identity; re-identification needs several people: "
            "check where the identity is read from"
        )
    if len(people) < 2 * groups:
        raise ValueError(
            f"{what} has {len(people)} people; {groups} disjoint splits need 2 people each, {2 * groups} in all"
        )
    counts = _counts(people, shares, seed)
    if min(counts) < 2:
        works = next((s for s in range(TRIED // len(people)) if min(_counts(people, shares, s)) >= 2), None)
        advice = "" if works is None else f" (seed {works} would do)"
        raise ValueError(
            f"seed {seed} and held-out shares {list(shares)} put {counts} of the {len(people)} people of {what} into "
            f"training and the held-out parts, and each needs 2: add people, or take another seed{advice} or other "
            "shares"
        )
    parts: list[list[str]] = [[] for _ in range(groups)]
    for name in people:
        parts[part_of(name, shares, seed)].append(name)
    return parts


def _counts(people: Sequence[str], shares: Sequence[float], seed: int) -> list[int]:
    return np.bincount([part_of(name, shares, seed) for name in people], minlength=len(shares) + 1).tolist()


def query_gallery(
    ids: np.ndarray, cams: np.ndarray | None, keys: Sequence[str], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Queries, one for each person and camera, and the gallery of all other images.

    Every query keeps an image of its person that counts for it, taken by another camera where
    cameras are known: a camera with a single image of a person gives a query only if no camera of
    that person has two. People seen by one camera only (or in one image) stay in the gallery, where
    they are negatives of everybody else. Which image asks is drawn by the names of the person's
    images, whoever else is there.

    Args:
        ids: [N] identity of each image.
        cams: [N] camera of each image, or None; then each person gives one query.
        keys: N names of images.
        seed: of the choice among a camera's images.

    Returns:
        (query [Q], gallery [N - Q]) ascending positions.

    >>> ids, cams = np.array([1, 1, 1, 2, 3, 3]), np.array([0, 0, 1, 0, 0, 1])
    >>> query, gallery = query_gallery(ids, cams, list("abcdef"), seed=0)
    >>> len(query), gallery.tolist()[1:3]  # person 1 at camera 0, person 3 at one of its two cameras
    (2, [2, 3])
    """
    by_person: dict[int, dict[int, list[int]]] = {}
    chance = [drawn(seed, "query", key) for key in keys]
    for i in sorted(range(len(ids)), key=lambda i: (chance[i], keys[i])):
        cam = -1 if cams is None else int(cams[i])
        by_person.setdefault(int(ids[i]), {}).setdefault(cam, []).append(i)
    query: list[int] = []
    for by_cam in by_person.values():
        if cams is not None and len(by_cam) < 2:
            continue
        chosen = [rows[0] for rows in by_cam.values() if len(rows) > 1]
        if not chosen and len(by_cam) > 1:
            chosen = [next(iter(by_cam.values()))[0]]
        query += chosen
    is_query = np.zeros(len(ids), bool)
    is_query[query] = True
    return np.nonzero(is_query)[0], np.nonzero(~is_query)[0]
