"""Records of a gallery: what a search found, a version with its evidence, and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd

NOBODY = -1  # a person, or a camera, that is not known


@dataclass(frozen=True)
class Hits:
    """The K nearest vectors of each of Q queries, best first.

    Where fewer than K were found, the places left over have the key ``""``, the score ``-inf``, the
    person and the camera -1 and the version ``""``.

    Args:
        keys: [Q, K] names of the images.
        scores: [Q, K] float32 cosine, summed in float64 as the evaluation does.
        persons: [Q, K] int64, -1 where not known.
        cams: [Q, K] int64, -1 where not known.
        times: [Q, K] float64 seconds since 1970, NaN where not known.
        versions: [Q, K] model that made the vector.
        generation: state of the gallery that was searched; it grows with every change.
    """

    keys: np.ndarray
    scores: np.ndarray
    persons: np.ndarray
    cams: np.ndarray
    times: np.ndarray
    versions: np.ndarray
    generation: int = 0

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: np.ndarray) -> Hits:
        """What some of the queries found."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "generation"})

    @property
    def found(self) -> np.ndarray:
        """[Q, K] bool: False in the places left over."""
        return np.isfinite(self.scores)

    def table(self, queries: Sequence[str] | None = None) -> pd.DataFrame:
        """One row for each hit: query, rank (from 1), key, score, person, camera, time, version.

        Args:
            queries: names of the Q queries; their numbers by default.
        """
        who, place = np.nonzero(self.found)
        names = np.arange(len(self)) if queries is None else np.asarray(queries, object)
        columns = {
            "query": names[who],
            "rank": place + 1,
            "key": self.keys[who, place],
            "score": self.scores[who, place],
            "person": self.persons[who, place],
            "camera": self.cams[who, place],
            "time": self.times[who, place],
            "version": self.versions[who, place],
        }
        return pd.DataFrame(columns)


@dataclass(frozen=True)
class Evidence:
    """What was measured before two versions were called compatible.

    Args:
        new_old: score of new queries on the old gallery, on validation people, 0 to 1.
        old_old: score of old queries on the same gallery.
        date: when it was measured, ISO 8601.
        note: which data, which measure.

    Raises:
        ValueError: a score that is not between 0 and 1.

    >>> Evidence(new_old=0.48, old_old=0.31, date="2026-11-02", note="mAP, campus").holds
    True
    """

    new_old: float
    old_old: float
    date: str
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("new_old", "old_old"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} of the evidence is a score from 0 to 1, got {getattr(self, name)}")

    @property
    def holds(self) -> bool:
        """The criterion of Shen et al. 2020: new queries do better on the old gallery than old ones."""
        return self.new_old > self.old_old


@dataclass(frozen=True)
class Version:
    """A model whose vectors may lie in the gallery.

    Args:
        name: what ``Features.model`` says.
        compatible_with: versions whose vectors its queries may be compared with, and the evidence.
        note: anything to remember.
    """

    name: str
    compatible_with: Mapping[str, Evidence] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Report:
    """State of a gallery.

    Args:
        vectors: how many there are.
        dim: coordinates of each.
        versions: vectors of each version, registered ones with none included.
        cameras: vectors of each camera; -1 is unknown.
        index: how it is searched, such as ``flat`` or ``ivf1024,fp16``.
        recall: share of the ten nearest that the index finds, measured on a sample when it was
            built; 1 for an exact one, None where nobody measured it.
        tail: vectors that are not in the index yet, and are searched exactly.
        removed: vectors that are in the index still, and are never found.
        bytes: on disk.
        generation: state of the gallery; it grows with every change.
    """

    vectors: int
    dim: int
    versions: Mapping[str, int]
    cameras: Mapping[int, int]
    index: str
    recall: float | None
    tail: int
    removed: int
    bytes: int
    generation: int

    def __str__(self) -> str:
        recall = "not measured" if self.recall is None else f"{self.recall:.3f}"
        cameras = {("unknown" if c == NOBODY else c): n for c, n in self.cameras.items()}
        lines = [
            f"{self.vectors} vectors of {self.dim} coordinates, {self.bytes / 2**20:.1f} MB, "
            f"generation {self.generation}",
            "versions: " + (", ".join(f"{name} {n}" for name, n in self.versions.items()) or "none"),
            "cameras: " + (", ".join(f"{name} {n}" for name, n in cameras.items()) or "none"),
            f"index: {self.index}, recall@10 {recall}; not in it yet {self.tail}, removed but in it {self.removed}",
        ]
        return "\n".join(lines)
