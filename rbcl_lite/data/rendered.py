"""Splits of a domain of the world, drawn once and kept on disk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbcl_lite.base.device import default_device
from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import Scale, scale
from rbcl_lite.data.cache import cached_array
from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.draw_many import draw_many
from rbcl_lite.data.world import Pictures, World, check_domain, check_size


def rendered_splits(
    domain: str = "campus",
    *,
    at: Scale | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    workers: int = 2,
    progress: bool | None = None,
) -> Splits:
    """Training, validation and test people of a domain.

    The first identities are the test people, the next ones the validation people, the rest train. A
    training person is seen ``views`` times by each camera. A held-out person gives one query and
    ``gallery_views`` gallery images per camera, all different images. The first call draws, on a
    card where there is one; later calls read from the cache and construct no world.

    Args:
        domain: campus, station or street.
        at: how many people and images; :func:`rbcl_lite.base.scale.scale` by default.
        size: (height, width) in pixels; that of the scale by default.
        seed: varies the people.
        workers: processes that draw on a CPU, see :func:`~rbcl_lite.data.draw_many.draw_many`.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        Splits with keys such as ``campus/00017_c3_1`` (identity, camera from 1, image number).

    Raises:
        ValueError: an unknown domain, or a size that cannot be drawn.
    """
    at = at or scale()
    height_width = check_size(size or at.size)
    cameras = len(check_domain(domain).cameras)
    held = at.test_people + at.validation_people
    total, held_views = held + at.people, 1 + at.gallery_views
    people = [(0, at.test_people, held_views), (at.test_people, held, held_views), (held, total, at.views)]
    grids = [_grid(first, last, cameras, views) for first, last, views in people]

    def draw() -> Pictures:
        world = World(domain, total, seed, height_width, default_device())
        return draw_many(world, *np.concatenate(grids, 1), workers=workers, progress=progress)

    key = {"domain": domain, "seed": seed, "size": height_width, "people": people, "code": fingerprint("data.world")}
    images = np.split(cached_array(key, draw), np.cumsum([grid.shape[1] for grid in grids])[:-1])
    test, validation, train = (_dataset(domain, part, grid) for part, grid in zip(images, grids))
    return Splits(train, _retrieval(validation), _retrieval(test))


def _grid(first: int, last: int, cameras: int, views: int) -> NDArray[np.int64]:
    """[3, N] ids, cameras and indices: all images of the people from ``first`` to before ``last``."""
    axes = np.meshgrid(np.arange(first, last), np.arange(cameras), np.arange(views), indexing="ij")
    return np.stack([axis.ravel() for axis in axes])


def _dataset(domain: str, images: Pictures, grid: NDArray[np.int64]) -> ReIDDataset:
    keys = [f"{domain}/{i:05d}_c{c + 1}_{k}" for i, c, k in zip(*grid)]
    return ReIDDataset(images, grid[0], grid[1], keys, domain)


def _retrieval(everything: ReIDDataset) -> RetrievalSplit:
    """Image 0 of each person and camera asks; the others are the gallery."""
    query = np.array([key.endswith("_0") for key in everything.keys])
    return RetrievalSplit(everything.subset(query), everything.subset(~query))
