"""World of drawn pedestrians: any image of any person at any camera, made when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from rbcl_lite.data.pedestrians.clothing import sample_people
from rbcl_lite.data.pedestrians.domains import DOMAINS as _DOMAINS
from rbcl_lite.data.pedestrians.domains import Domain
from rbcl_lite.data.pedestrians.drawing import draw_people
from rbcl_lite.data.pedestrians.moments import BEHIND, CROWD_SIZE, IN_FRONT, NOBODY, NOTHING, Moments, draw_moments
from rbcl_lite.data.pedestrians.obstacles import add_obstacles
from rbcl_lite.data.pedestrians.photograph import make_grain, photograph, windows
from rbcl_lite.data.pedestrians.scenes import SCENE_HEIGHT, SCENE_WIDTH, paint_scene

DOMAINS: tuple[str, ...] = tuple(_DOMAINS)
NATIVE_HEIGHTS = (128, 256)
CHUNKS = {"cuda": 256}  # images drawn together on a kind of device
CHUNK = 48  # and elsewhere

Pictures = NDArray[np.uint8]


class World:
    """People who walk past the six cameras of a domain.

    An image is a function of (domain, seed, id, camera, index) and of nothing else: not of the
    order, the batch, or how many identities the world has. Index k is the k-th image of a person at
    a camera.

    Args:
        domain: ``"campus"``, ``"station"`` or ``"street"``.
        identities: how many people there are; their ids are 0 to ``identities - 1``.
        seed: another seed gives other people. Places and cameras stay.
        size: (height, width) of the images: (128, 64), (256, 128), or 128 divided by a whole
            number, such as (64, 32), which is drawn at (128, 64) and reduced by averaging areas.
        device: where to draw, ``"cpu"`` or ``"cuda"``; the pictures are the same up to two grey
            levels.

    Raises:
        ValueError: an unknown domain, a size that cannot be drawn, fewer than one identity, a seed
            out of range.

    >>> World("campus", identities=10).images([3, 3], [0, 5], [0, 0]).shape
    (2, 128, 64, 3)
    """

    def __init__(
        self,
        domain: str = "campus",
        identities: int = 500,
        seed: int = 0,
        size: tuple[int, int] = (128, 64),
        device: str | torch.device = "cpu",
    ) -> None:
        self._place = check_domain(domain)
        if identities < 1:
            raise ValueError(f"identities must be at least 1, got {identities}")
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must not be negative, and below 2**32, got {seed}")
        self.domain, self.identities, self.seed, self.size = domain, identities, seed, check_size(size)
        self.device = torch.device(device)
        self._height = max(128, self.size[0])  # drawn at this height
        people_seed = self._place.seed * 1000 + seed
        self.people = sample_people(identities, self._place.season, people_seed)
        crowd = sample_people(CROWD_SIZE, self._place.season, people_seed + 500_000_000)
        self._people, self._crowd = self._tensors(self.people), self._tensors(crowd)
        zoom = self._height // 128
        scenes = [
            paint_scene(camera.style, self._place.seed * 100 + k, camera.horizon, zoom)
            for k, camera in enumerate(self._place.cameras)
        ]
        self._scenes = torch.from_numpy(np.stack(scenes).transpose(0, 3, 1, 2).copy()).to(self.device)
        self._grain = make_grain(self._height, self.device)

    @property
    def cameras(self) -> int:
        """Number of cameras."""
        return len(self._place.cameras)

    @property
    def chunk(self) -> int:
        """Number of images drawn together: more on a card than on a processor."""
        return CHUNKS.get(self.device.type, CHUNK)

    def __repr__(self) -> str:
        return f"World({self.domain!r}, identities={self.identities}, seed={self.seed}, size={self.size})"

    @torch.no_grad()
    def images(self, ids: ArrayLike, cams: ArrayLike, indices: ArrayLike, chunk: int | None = None) -> Pictures:
        """Draw images; :func:`~rbcl_lite.data.draw_many.draw_many` draws thousands, with a progress
        bar.

        Args:
            ids: [N] who, 0 to ``identities - 1``.
            cams: [N] which camera, 0 to 5.
            indices: [N] which image of that person at that camera, from 0 on.
            chunk: images drawn together, :attr:`chunk` by default; memory grows with it. The images
                stay the same, up to two grey levels where a float is rounded differently.

        Returns:
            [N, H, W, 3] uint8 RGB.

        Raises:
            ValueError: see :meth:`check`, or a chunk below 1.
        """
        who, cam, index = self.check(ids, cams, indices)
        step = self.chunk if chunk is None else chunk
        if step < 1:
            raise ValueError(f"chunk must be at least 1, got {chunk}")
        out = np.empty((len(who), *self.size, 3), np.uint8)
        for start in range(0, len(who), step):
            part = slice(start, start + step)
            out[part] = self._draw(who[part], cam[part], index[part])
        return out

    def check(self, ids: ArrayLike, cams: ArrayLike, indices: ArrayLike) -> list[NDArray[np.int64]]:
        """Return ids, cams and indices as [N] arrays if the world has such images.

        Raises:
            ValueError: lengths that differ, or an id, camera or index that does not exist.
        """
        given = {"ids": ids, "cams": cams, "indices": indices}
        arrays = {name: np.atleast_1d(np.asarray(value)) for name, value in given.items()}
        lengths = {name: array.shape for name, array in arrays.items()}
        if len(set(lengths.values())) > 1 or any(array.ndim != 1 for array in arrays.values()):
            raise ValueError(f"ids, cams and indices must be lists of one length, got shapes {lengths}")
        limits = {"ids": self.identities, "cams": self.cameras, "indices": None}
        for name, array in arrays.items():
            if array.size and not np.issubdtype(array.dtype, np.integer):
                raise ValueError(f"{name} must be whole numbers, got {array.dtype}")
            limit = limits[name]
            bad = array[(array < 0) | (array >= limit if limit is not None else False)]
            if bad.size:
                allowed = "0 or more" if limit is None else f"0 to {limit - 1}"
                raise ValueError(f"{name} {bad[0]} does not exist in {self!r}: allowed is {allowed}")
        return [array.astype(np.int64) for array in arrays.values()]

    def _tensors(self, arrays: dict[str, Any]) -> dict[str, Tensor]:
        return {name: torch.from_numpy(value).to(self.device) for name, value in arrays.items()}

    def _index(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64)).to(self.device)

    def _draw(self, ids: NDArray[np.int64], cams: NDArray[np.int64], indices: NDArray[np.int64]) -> Pictures:
        moments = draw_moments(self._place, self.seed, ids, cams, indices)
        height, width = self._height, self._height // 2
        zoom = height // 128
        who = self._index(ids)
        person = draw_people({k: v[who] for k, v in self._people.items()}, self._tensors(moments.pose), height)
        row = np.floor(moments.window[:, 0] * (SCENE_HEIGHT - 130)).astype(int) * zoom
        column = np.floor(moments.window[:, 1] * (SCENE_WIDTH - 66)).astype(int) * zoom
        picture = self._compose(windows(self._scenes, cams, row, column, height), person, moments)
        row = (moments.grain[:, 0] * height).astype(int)
        column = (moments.grain[:, 1] * (2 * height - width)).astype(int)
        grain = windows(self._grain, np.zeros_like(row), row, column, height)
        blocked = np.flatnonzero(moments.obstacle != NOTHING)
        if blocked.size:
            k = self._index(blocked)
            kind = self._index(moments.obstacle[blocked])
            draws = torch.from_numpy(moments.obstacle_draws[blocked]).to(self.device)
            picture[k] = add_obstacles(picture[k], kind, draws, grain[k])
        picture = photograph(picture, self._tensors(moments.photo), grain)
        if self.size[0] < height:
            picture = F.interpolate(picture, self.size, mode="area")
        return (picture * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

    def _compose(self, picture: Tensor, person: Tensor, moments: Moments) -> Tensor:
        """Put the person, and whoever walks behind or in front, before the background."""
        others = np.flatnonzero(moments.company != NOBODY)
        layers = {BEHIND: [], IN_FRONT: []}  # type: dict[int, list[tuple[Tensor, Tensor]]]
        if others.size:
            who = self._index(moments.company_id[others])
            pose = self._tensors({k: np.ascontiguousarray(v[others]) for k, v in moments.company_pose.items()})
            drawn = draw_people({k: v[who] for k, v in self._crowd.items()}, pose, self._height)
            for where in layers:
                chosen = np.flatnonzero(moments.company[others] == where)
                layers[where].append((self._index(others[chosen]), drawn[self._index(chosen)]))
        for k, layer in layers[BEHIND]:
            picture[k] = layer[:, :3] + picture[k] * (1 - layer[:, 3:])
        picture = torch.addcmul(person[:, :3], picture, 1 - person[:, 3:])
        for k, layer in layers[IN_FRONT]:
            picture[k] = layer[:, :3] + picture[k] * (1 - layer[:, 3:])
        return picture


def check_domain(domain: str) -> Domain:
    """Return the place and its cameras if there is a domain of this name.

    Raises:
        ValueError: an unknown domain.

    >>> len(check_domain("street").cameras)
    6
    """
    if domain not in _DOMAINS:
        raise ValueError(f"unknown domain {domain!r}: choose one of {', '.join(DOMAINS)}")
    return _DOMAINS[domain]


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return ``size`` if the world can draw it.

    Raises:
        ValueError: anything but (128, 64), (256, 128) or (128 / k, 64 / k) with a whole k that
            divides 64.

    >>> check_size((64, 32))
    (64, 32)
    """
    height, width = (int(side) for side in size)
    if height == 2 * width and (height in NATIVE_HEIGHTS or (1 < height < 128 and 128 % height == 0)):
        return height, width
    raise ValueError(
        f"size {tuple(size)} cannot be drawn: allowed are (256, 128), (128, 64), (64, 32), (32, 16) and (16, 8)"
    )
