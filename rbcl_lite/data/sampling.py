"""P×K batches: P people, K images of each (Hermans et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class IdentitySampler:
    """Batches of P people with K images each, as arrays of positions in the training set.

    An epoch has ``round(N / (P K))`` batches, at least one. Its order is a function of (seed,
    epoch) alone, so that a resumed run draws the batches the interrupted one would have drawn.
    People come in shuffled rounds: nobody is drawn a second time before everybody was drawn once. A
    person with fewer than K images gives all of them, and some again.

    Args:
        labels: [N] integer identity of each training image; negative labels (outliers) are never
            drawn.
        people: P, at least 2 (a batch of one person has no negative).
        images: K, at least 2 (a person with one image in the batch has no positive).
        seed: of the order.
        length: batches in an epoch, if not ``round(N / (P K))``.

    Raises:
        ValueError: P or K too small, or fewer than P people.

    >>> s = IdentitySampler(np.array([0, 0, 0, 1, 1, 2, 2, 2]), people=2, images=2, seed=0)
    >>> [len(b) for b in s.epoch(0)]
    [4, 4]
    """

    def __init__(
        self, labels: np.ndarray, people: int = 16, images: int = 4, seed: int = 0, length: int | None = None
    ) -> None:
        if length is not None and length < 1:
            raise ValueError(f"length is a number of batches in an epoch, at least 1, got {length}")
        if people < 2 or images < 2:
            raise ValueError(f"a batch needs at least 2 people with 2 images each, got {people} x {images}")
        labels = np.asarray(labels)
        self._places = [np.nonzero(labels == c)[0] for c in np.unique(labels[labels >= 0])]
        if len(self._places) < people:
            raise ValueError(f"{len(self._places)} people cannot fill a batch of {people}; lower the P of P x K")
        self.people, self.images, self.seed = people, images, seed
        self._length = max(1, round(sum(map(len, self._places)) / (people * images))) if length is None else length

    def __len__(self) -> int:
        return self._length

    def epoch(self, number: int) -> Iterator[np.ndarray]:
        """The batches of one epoch, each [P * K] positions."""
        r = np.random.default_rng((self.seed, 11, number))
        waiting: list[int] = []  # people of the current round who have not been drawn
        for _ in range(self._length):
            chosen: list[int] = []
            again: list[int] = []
            while len(chosen) < self.people:
                waiting = waiting or r.permutation(len(self._places)).tolist()
                person = waiting.pop(0)
                (again if person in chosen else chosen).append(person)  # a round's border may bring somebody twice
            waiting = again + waiting
            yield np.concatenate([self._draw(r, self._places[c]) for c in chosen])

    def _draw(self, r: np.random.Generator, places: np.ndarray) -> np.ndarray:
        passes = -(-self.images // len(places))
        return np.concatenate([r.permutation(places) for _ in range(passes)])[: self.images]
