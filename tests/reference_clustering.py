"""k-reciprocal encoding, Jaccard distance and re-ranking, image by image from the definition (Zhong et al. 2017)."""

from __future__ import annotations

import numpy as np


def squared_distances(features: np.ndarray) -> np.ndarray:
    """[N, N] between unit rows, float64."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return ((unit[:, None] - unit[None]) ** 2).sum(2)


def reciprocal_sets(d: np.ndarray, k: int) -> list[set[int]]:
    """R(i, k): the images among i's k nearest others (and i) that have i among theirs."""
    near = [{i, *[int(j) for j in np.argsort(d[i], kind="stable") if j != i][:k]} for i in range(len(d))]
    return [{j for j in near[i] if i in near[j]} for i in range(len(d))]


def expanded_sets(d: np.ndarray, k1: int) -> list[set[int]]:
    """R*(i): with R(j, k1/2) of each member j that shares more than two thirds of it."""
    wide, narrow = reciprocal_sets(d, k1), reciprocal_sets(d, int(np.around(k1 / 2)))
    result = []
    for members in wide:
        grown = set(members)
        for j in members:
            if len(narrow[j] & members) > 2 / 3 * len(narrow[j]):
                grown |= narrow[j]
        result.append(grown)
    return result


def encodings(d: np.ndarray, k1: int, k2: int) -> np.ndarray:
    """[N, N] rows of weights after local query expansion."""
    n = len(d)
    v = np.zeros((n, n))
    for i, members in enumerate(expanded_sets(d, k1)):
        total = sum(np.exp(-d[i, j]) for j in members)
        for j in members:
            v[i, j] = np.exp(-d[i, j]) / total
    result = np.zeros_like(v)
    for i in range(n):
        nearest = [i, *[int(j) for j in np.argsort(d[i], kind="stable") if j != i]][:k2]
        for j in nearest:
            result[i] += v[j] / k2
    return result


def jaccard(v: np.ndarray) -> np.ndarray:
    """[N, N] one minus sum of minima over sum of maxima."""
    return np.array([[1 - np.minimum(a, b).sum() / np.maximum(a, b).sum() for b in v] for a in v])


def jaccard_distance_by_loops(features: np.ndarray, k1: int, k2: int) -> np.ndarray:
    return jaccard(encodings(squared_distances(features), k1, k2))


def rerank_by_loops(query: np.ndarray, gallery: np.ndarray, k1: int, k2: int, weight: float) -> np.ndarray:
    d = squared_distances(np.concatenate([query, gallery]))
    d = d / d.max(1, keepdims=True)  # neighbours of a row stay the same, weights do not
    mixed = weight * d + (1 - weight) * jaccard(encodings(d, k1, k2))
    return mixed[: len(query), len(query) :]
