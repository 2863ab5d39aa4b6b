"""``rbcl-lite experiment omniglot``: the methods on real handwriting."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from rbcl_lite.commands.output import say
from rbcl_lite.commands.work import Measured
from rbcl_lite.experiments.omniglot.sweep import METHODS, omniglot


@dataclass
class Omniglot(Measured):
    """Sweep methods on real handwriting: characters are the people, hands the cameras; resumable."""

    data: Path = field(kw_only=True)
    """Folder with ALPHABET/characterNN/NNNN_HH.png somewhere below, such as the root of torchvision's Omniglot."""
    upgrade: Literal["omniglot", "omniglot-across"] = "omniglot"
    """The new model sees more characters, or other alphabets."""
    methods: tuple[str, ...] = METHODS
    """Methods and variants to sweep."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """One for each of the five folds; the first gets all weights, the others the chosen one."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        torch.set_num_threads(1)
        path = omniglot(
            self.data,
            upgrade=self.upgrade,
            methods=self.methods,
            seeds=self.seeds,
            **self.how,
        )
        say(path)
