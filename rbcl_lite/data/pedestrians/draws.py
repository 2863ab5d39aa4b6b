"""Draws: random numbers that depend on named keys only; no stream, no order, no state.

Every value in the drawn world is ``hash(what, keys)``. Person 17 is therefore the same person in a
world of 20 and in a world of 20,000, and an image comes out the same alone, in a batch, or in
another order. A new trait with a new name changes no other trait.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Floats = NDArray[np.float32]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def _scramble(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The output function of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every
    output bit.
    """
    z = (z ^ (z >> np.uint64(30))) * _MIX[0]
    z = (z ^ (z >> np.uint64(27))) * _MIX[1]
    return z ^ (z >> np.uint64(31))


class Draws:
    """Random numbers for N items, each a function of its integer keys and of the name of the draw.

    Args:
        keys: integers or integer arrays [N], broadcast against each other.

    >>> Draws(7, [0, 1, 2]).uniform("height")[1] == Draws(7, [1]).uniform("height")[0]
    np.True_
    """

    def __init__(self, *keys: ArrayLike) -> None:
        columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(k, dtype=np.int64)) for k in keys))
        state = np.full(columns[0].shape, 0x243F6A8885A308D3, dtype=np.uint64)
        for column in columns:
            state = _scramble((state ^ column.astype(np.uint64)) * _GOLDEN + _GOLDEN)
        self._state = state

    def __len__(self) -> int:
        return len(self._state)

    def _unit(self, name: str) -> NDArray[np.float64]:
        bits = _scramble(self._state + np.uint64(zlib.crc32(name.encode()) << 32 | 0x9E3779B9))
        return ((bits >> np.uint64(40)).astype(np.float64) + 0.5) * 2.0**-24

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Floats:
        """[N] numbers between ``low`` and ``high``."""
        return (low + (high - low) * self._unit(name)).astype(np.float32)

    def around(self, name: str, spread: float) -> Floats:
        """[N] numbers between ``-spread`` and ``spread``."""
        return self.uniform(name, -spread, spread)

    def normal(self, name: str, mean: float, deviation: float, low: float = -np.inf, high: float = np.inf) -> Floats:
        """[N] normal numbers, cut off at ``low`` and ``high``."""
        return np.clip(mean + deviation * ndtri(self._unit(name)), low, high).astype(np.float32)

    def chance(self, name: str, probability: ArrayLike) -> NDArray[np.bool_]:
        """[N] coin tosses, True with ``probability``."""
        return self._unit(name) < np.asarray(probability)

    def choice(self, name: str, weights: ArrayLike) -> NDArray[np.int64]:
        """[N] indices into ``weights``, each drawn in proportion to its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.minimum(np.searchsorted(edges / edges[-1], self._unit(name), side="right"), len(edges) - 1)

    def colour(self, name: str, palette: Mapping[tuple[int, int, int], float], *, shift: float = 0.035) -> Floats:
        """[N, 3] RGB in 0..1: a colour of ``palette`` (RGB in 0..255 -> weight), slightly lightened
        and tinted.
        """
        table = np.array(list(palette), dtype=np.float32) / 255
        chosen = table[self.choice(name, list(palette.values()))]
        brightness = self.normal(f"{name} brightness", 0.0, shift)[:, None]
        tint = np.stack([self.normal(f"{name} tint {c}", 0.0, shift / 2) for c in "rgb"], 1)
        return np.clip(chosen + brightness + tint, 0.03, 0.97).astype(np.float32)
