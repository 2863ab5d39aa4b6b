"""``rbcl-lite experiment``: many runs, and numbers made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro

from rbcl_lite.commands.experiment_omniglot import Omniglot
from rbcl_lite.commands.experiment_sweep import Sweep
from rbcl_lite.commands.output import say
from rbcl_lite.commands.work import Measured, Work
from rbcl_lite.experiments import ablation, repeatability
from rbcl_lite.experiments.axes import axis
from rbcl_lite.experiments.freshness import confirm, stale
from rbcl_lite.experiments.gpu.report import gpu_report, load_report
from rbcl_lite.experiments.omniglot.job import UPGRADES
from rbcl_lite.experiments.result_file import RESULTS
from rbcl_lite.experiments.rollout import job as rollout
from rbcl_lite.experiments.settings import SETTINGS
from rbcl_lite.experiments.shared import shared_runs
from rbcl_lite.experiments.tables.runs import load_result
from rbcl_lite.experiments.tables.setting import setting_table


@dataclass
class Ablation(Measured):
    """Learning without labels, part by part: source only, E, E+C, E+N, E+C+N, pseudo labels;
    resumable.
    """

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
            **self.how,
        )
        say(path)


@dataclass
class Axis(Measured):
    """One upgrade with one thing varied, for example the recipe or the length of training;
    resumable.
    """

    name: tyro.conf.Positional[str] = "recipe"
    """recipe, length or old-quality."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        torch.set_num_threads(1)
        say(axis(self.name, **self.how))


@dataclass
class Rollout(Measured):
    """What new queries find while a gallery is backfilled: orders, thresholds, fusion, flips; resumable."""

    methods: tuple[str, ...] = rollout.METHODS
    """Methods to roll out, at the weights that the sweep of stronger-and-more chose."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """All methods on one seed before the next."""

    def run(self) -> None:
        """Measure everything that is not there yet; runs that are missing are trained."""
        torch.set_num_threads(1)
        path = rollout.rollout(
            methods=self.methods,
            seeds=self.seeds,
            **self.how,
        )
        say(path)


@dataclass
class Repeatability(Measured):
    """By how much equal runs differ: the same ones on one and on two threads; resumable."""

    seeds: tuple[int, ...] = (0,)
    """Of people and weights."""

    def run(self) -> None:
        """Run everything that is not there yet."""
        path = repeatability.repeatability(
            seeds=self.seeds,
            **self.how,
        )
        say(path)


@dataclass
class GpuReport:
    """What this GPU does: images drawn a second, time and memory of each method's step, upgrades; resumable."""

    minutes: float = 8.0
    """After these nothing new is begun, and no upgrade that is expected to take longer."""
    out: Path | None = None
    """Folder of the result file; by default rbcl_lite/results."""
    scale: str = "gpu"
    """smoke, laptop, crowd, gpu or large; smoke runs without a GPU too."""
    workers: int = 3
    """Upgrades that are trained at once, one thread each."""

    def run(self) -> None:
        """Measure what is not there yet, as far as the minutes go."""
        torch.set_num_threads(1)
        folder = self.out or RESULTS
        say(gpu_report(minutes=self.minutes, scale_name=self.scale, workers=self.workers, folder=folder))
        skipped = load_report(self.scale, folder)["skipped"]
        if skipped:
            say(f"no time was left for: {', '.join(skipped)}; the same command again measures them")


@dataclass
class Table:
    """Print what settings found: every method at its chosen weight, what it gains, costs and breaks."""

    settings: tyro.conf.Positional[tuple[str, ...]] = tuple(SETTINGS)
    """Names of settings; those that were measured by default."""
    part: Literal["test", "validation"] = "test"
    """On which people."""
    csv: bool = False
    """Comma-separated values instead of a text table."""
    folder: Path | None = None
    """Where the result files are; by default rbcl_lite/results."""

    def run(self) -> None:
        """Print one table after the other."""
        for setting in self.settings:
            try:
                table = setting_table(load_result(setting, self.folder or RESULTS), self.part)
            except FileNotFoundError as error:
                say(f"{setting}: {error}")
                continue
            say(f"{setting}: {(SETTINGS | UPGRADES).get(setting, '')}")
            say(table.to_csv(float_format="%.2f") if self.csv else table.to_string(float_format="{:.1f}".format))


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
    """Train one run of each stale method again; where its numbers are the recorded ones, keep the
    others.
    """

    data: Path | None = None
    """Folder of Omniglot's images, for the results that were measured on them."""

    def run(self) -> None:
        """Go through all result files; exit status 1 if a method must be measured again."""
        torch.set_num_threads(1)
        for path in sorted((self.out or RESULTS).glob("*.json")):
            for line in confirm(path, data=self.data, workers=self.workers, progress=True):
                say(line)
        if stale(self.out or RESULTS):
            raise SystemExit(1)


@dataclass
class Experiment:
    """Many runs: sweep methods, train the runs that chapters share, check results against the code."""

    action: Annotated[
        Sweep | Ablation | Axis | Rollout | Omniglot | Repeatability | Table | GpuReport | SharedRuns | Check | Confirm,
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen action."""
        self.action.run()
