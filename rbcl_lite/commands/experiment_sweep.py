"""``rbcl-lite experiment sweep``: methods over their weights, and over seeds."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from rbcl_lite.commands.checks import read_options
from rbcl_lite.commands.output import say
from rbcl_lite.commands.work import Measured
from rbcl_lite.experiments.settings import TABLE
from rbcl_lite.experiments.sweep import sweep


@dataclass
class Sweep(Measured):
    """Sweep weights on the first seed, choose on validation people, run the other seeds; resumable."""

    setting: str = "stronger-and-more"
    """Name of the setting (see rbcl-lite methods)."""
    methods: tuple[str, ...] = TABLE
    """Methods and variants to sweep; by default those of every table."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """The first seed gets all weights, the others the chosen one."""
    leader_seeds: tuple[int, ...] = ()
    """Further seeds for the methods within three points of the best."""
    whole_curves: tuple[str, ...] = ()
    """Methods that get all weights on every one of --seeds, to be compared at one price."""
    name: str | None = None
    """Name of the result file, for what is compared beside the setting's own table."""
    changes: str = "{}"
    """What differs from the setting in every run, as JSON with dotted names: '{"batch": [8, 4]}'; needs --name."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        torch.set_num_threads(1)
        path = sweep(
            self.setting,
            self.methods,
            name=self.name,
            changes=read_options("--changes", self.changes),
            seeds=self.seeds,
            leader_seeds=self.leader_seeds,
            whole_curves=self.whole_curves,
            **self.how,
        )
        say(path)
