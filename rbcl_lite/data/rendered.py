"""A domain of the world as training, validation and test images, rendered once and kept on disk."""

from __future__ import annotations

import numpy as np

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import Scale, scale
from rbcl_lite.data.cache import cached_array
from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.world import World


def rendered_splits(
    domain: str = "campus",
    *,
    at: Scale | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> Splits:
    """Training, validation and test people of a domain.

    The first identities are the test people, the next ones the validation people, the rest train. A
    training person is seen ``views`` times by each camera. A held-out person gives one query and
    ``gallery_views`` gallery images per camera, all different images.

    Args:
        domain: campus, station or street.
        at: how many people and images; :func:`rbcl_lite.base.scale.scale` by default.
        size: (height, width) in pixels; that of the scale by default.
        seed: varies the people.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        Splits with keys such as ``campus/00017_c3_1`` (identity, camera from 1, image number).

    Raises:
        ValueError: an unknown domain, or a size that cannot be rendered.
    """
    at = at or scale()
    size = size or at.size
    total = at.test_people + at.validation_people + at.people
    world = World(domain, identities=total, seed=seed, size=size)
    held = at.test_people + at.validation_people

    def part(first: int, last: int, views: int) -> ReIDDataset:
        ids, cams, indices = (
            a.ravel()
            for a in np.meshgrid(np.arange(first, last), np.arange(world.cameras), np.arange(views), indexing="ij")
        )
        key = {
            "domain": domain,
            "seed": seed,
            "size": size,
            "first": first,
            "last": last,
            "views": views,
            "code": fingerprint("data.world"),
        }
        images = cached_array(key, lambda: world.images(ids, cams, indices, progress=progress))
        keys = [f"{domain}/{i:05d}_c{c + 1}_{k}" for i, c, k in zip(ids, cams, indices)]
        return ReIDDataset(images, ids, cams, keys, domain)

    def retrieval(first: int, last: int) -> RetrievalSplit:
        everything = part(first, last, 1 + at.gallery_views)
        query = np.array([key.endswith("_0") for key in everything.keys])
        return RetrievalSplit(everything.subset(query), everything.subset(~query))

    return Splits(part(held, total, at.views), retrieval(at.test_people, held), retrieval(0, at.test_people))
