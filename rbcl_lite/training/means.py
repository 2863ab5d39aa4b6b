"""Means of an epoch's terms, added up where they are computed and read once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor


class RunningMeans:
    """Means of named scalars over the steps in which each was measured.

    Reading a number from a GPU waits for it, so that sums stay on the device until they are asked
    for.

    >>> means = RunningMeans()
    >>> means.add(0, {"loss": torch.tensor(1.0), "saturation": 0.5})
    >>> means.add(1, {"loss": torch.tensor(3.0)})
    >>> means.read_loss(), means.values()
    (3.0, {'loss': 2.0, 'saturation': 0.5})
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._unread: list[tuple[int, Mapping[str, Tensor | float]]] = []
        self._last = math.nan

    def add(self, step: int, terms: Mapping[str, Tensor | float]) -> None:
        """The scalars of a step; one of them is ``loss``."""
        terms = {k: v.detach() if isinstance(v, Tensor) else v for k, v in terms.items()}
        for name, value in terms.items():
            value = torch.as_tensor(value, dtype=torch.float32)
            self._sums[name] = value + self._sums[name] if name in self._sums else value.clone()
            self._counts[name] = self._counts.get(name, 0) + 1
        self._unread.append((step, terms))

    def read_loss(self) -> float:
        """The latest loss.

        Raises:
            FloatingPointError: a loss since the last look is NaN or infinite.
        """
        if self._unread:
            losses = torch.stack([torch.as_tensor(terms["loss"]) for _, terms in self._unread]).tolist()
            for value, (step, terms) in zip(losses, self._unread):
                if not math.isfinite(value):
                    numbers = {k: round(float(v), 4) for k, v in terms.items()}
                    raise FloatingPointError(
                        f"the loss is {value} at step {step} (terms {numbers}); "
                        "lower the learning rate or the weight of the method"
                    )
            self._last = losses[-1]
            self._unread = []
        return self._last

    def values(self) -> dict[str, float]:
        """The mean of each."""
        return {name: float(total) / self._counts[name] for name, total in self._sums.items()}
