"""``rbcl-lite experiment sweep | ablation | shared-runs | check | confirm``: many runs, and numbers made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro

from rbcl_lite.commands.output import say
from rbcl_lite.experiments import ablation, sweep
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.settings import WEIGHTS
from rbcl_lite.experiments.shared import shared_runs


@dataclass
class Work:
    """How much is done, and by how many."""

    workers: int = 2
    """Processes, one thread each."""
    scale: str | None = None
    """smoke, laptop or gpu."""


@dataclass
class Measured(Work):
    """Work that ends in a result file."""

    out: Path | None = None
    """Folder of the result file; by default rbcl_lite/results."""


@dataclass
class Sweep(Measured):
    """Sweep weights on the first seed, choose on validation people, run the other seeds; resumable."""

    setting: str = "stronger-and-more"
    """Name of the setting (see rbcl-lite methods)."""
    methods: tuple[str, ...] = tuple(WEIGHTS)
    """Methods to sweep; all of them by default."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """The first seed gets all weights, the others the chosen one."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        torch.set_num_threads(1)
        path = sweep.sweep(
            self.setting,
            self.methods,
            seeds=self.seeds,
            workers=self.workers,
            scale_name=self.scale,
            folder=self.out or sweep.RESULTS,
            progress=True,
        )
        say(path)


@dataclass
class Ablation(Measured):
    """Learning without labels, part by part: source only, E, E+C, E+N, E+C+N, pseudo labels; resumable."""

    seeds: tuple[int, ...] = (0, 1, 2)
    """Every variant is trained on each of them."""
    variants: tuple[str, ...] = tuple(ablation.VARIANTS)
    """Variants to train; all of them by default."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        torch.set_num_threads(1)
        path = ablation.ablation(
            seeds=self.seeds,
            variants=self.variants,
            workers=self.workers,
            scale_name=self.scale,
            folder=self.out or sweep.RESULTS,
            progress=True,
        )
        say(path)


@dataclass
class SharedRuns(Work):
    """Train the runs that several chapters share, in two processes."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        for line in shared_runs(self.workers, self.scale):
            say(line)


@dataclass
class Check:
    """List results that are older than the code they depend on; exit status 1 if there is one."""

    def run(self) -> None:
        """Compare fingerprints."""
        found = stale()
        for line in found:
            say(line)
        if found:
            raise SystemExit(1)
        say("every result belongs to the code that is here")


@dataclass
class Confirm(Measured):
    """Train one run of each stale method again; where its numbers are the recorded ones, keep the others."""

    def run(self) -> None:
        """Go through all result files; exit status 1 if a method must be measured again."""
        torch.set_num_threads(1)
        for path in sorted((self.out or sweep.RESULTS).glob("*.json")):
            for line in confirm(path, workers=self.workers, progress=True):
                say(line)
        if stale(self.out or sweep.RESULTS):
            raise SystemExit(1)


@dataclass
class Experiment:
    """Many runs: sweep methods, train the runs that chapters share, check results against the code."""

    action: Annotated[Sweep | Ablation | SharedRuns | Check | Confirm, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Run the chosen action."""
        self.action.run()
