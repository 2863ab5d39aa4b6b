"""Hold people out for validation and test, and make queries and a gallery of their images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def split_people(ids: np.ndarray, shares: Sequence[float], seed: int, name: str = "the data set") -> list[np.ndarray]:
    """Disjoint groups of people, drawn by seed: one for each share, and the rest in front.

    Each group holds two people at least, because a retrieval among images of one person is always right.

    Args:
        ids: [N] identity of each image.
        shares: share of all people in each held-out group, in (0, 1). The groups are drawn from the last to
            the first, so that a change of an earlier share leaves the later groups as they are.
        seed: of the draw.
        name: what is split, for the message.

    Returns:
        ``len(shares) + 1`` ascending arrays of identities.

    Raises:
        ValueError: a share outside (0, 1), one identity only, or too few people for the groups.

    >>> train, held_out = split_people(np.array([4, 4, 5, 6, 7, 8, 8]), [0.4], seed=0)
    >>> len(train), len(held_out), np.intersect1d(train, held_out).size
    (3, 2, 0)
    """
    for share in shares:
        if not 0 < share < 1:
            raise ValueError(f"a held-out share of people must lie between 0 and 1, got {share}")
    people = np.unique(ids)
    groups = len(shares) + 1
    if len(people) == 1:
        raise ValueError(
            f"all {len(ids)} images of {name} have one identity; re-identification needs several people: "
            "check where the identity is read from"
        )
    if len(people) < 2 * groups:
        raise ValueError(
            f"{name} has {len(people)} people; {groups} disjoint splits need 2 people each, {2 * groups} in all"
        )
    counts = [max(2, round(share * len(people))) for share in shares]
    if len(people) - sum(counts) < 2:
        raise ValueError(
            f"held-out shares {list(shares)} leave {len(people) - sum(counts)} of {len(people)} people of "
            f"{name} for training; lower them"
        )
    order = np.random.default_rng((seed, 12)).permutation(people)
    held_out = []
    for count in reversed(counts):
        held_out.append(np.sort(order[:count]))
        order = order[count:]
    return [np.sort(order), *reversed(held_out)]


def query_gallery(ids: np.ndarray, cams: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Queries, one for each person and camera, and the gallery of all other images.

    Every query keeps an image of its person that counts for it, taken by another camera where cameras are known:
    a camera with a single image of a person gives a query only if no camera of that person has two. People
    seen by one camera only (or in one image) stay in the gallery, where they are negatives of everybody else.

    Args:
        ids: [N] identity of each image.
        cams: [N] camera of each image, or None; then each person gives one query.
        seed: of the choice among a camera's images.

    Returns:
        (query [Q], gallery [N - Q]) ascending positions.

    >>> query, gallery = query_gallery(np.array([1, 1, 1, 2, 3, 3]), np.array([0, 0, 1, 0, 0, 1]), seed=0)
    >>> len(query), gallery.tolist()[1:3]  # person 1 at camera 0, person 3 at one of its two cameras
    (2, [2, 3])
    """
    by_person: dict[int, dict[int, list[int]]] = {}
    for i in np.random.default_rng((seed, 13)).permutation(len(ids)).tolist():
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
