"""Train what a configuration describes, or load it if that was done before."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import torch

from rbcl_lite.base.device import default_device
from rbcl_lite.base.files import locked, make_folder, write_json, write_text
from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.base.provenance import provenance
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import Embedder
from rbcl_lite.protocol import Upgrade
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.given_old import GivenOld, OldVectors
from rbcl_lite.runs.people import TrainedOn, name_people
from rbcl_lite.runs.run import Run, load_run
from rbcl_lite.runs.saved_model import save_model
from rbcl_lite.runs.start import OldModel, make_upgrade
from rbcl_lite.runs.watch import new_old_watch
from rbcl_lite.training.loop import train

STATE = "state.safetensors"
"""State of a training that is not complete; it goes when everything else is written."""


def run_or_load(
    config: RunConfig, *, progress: bool | None = None, folder: Path | None = None, processes: Processes = ALONE
) -> Run:
    """Train what ``config`` describes, or load it if that was done before.

    Args:
        config: the run. An old run is made first; a given old model is used as it is.
        progress: see :func:`rbcl_lite.base.progress.bar`.
        folder: where runs are kept; ``runs`` in :func:`rbcl_lite.data.cache.cache_dir` by default.
        processes: this process among those that train the run together, each of which makes this
            call. Process 0 holds the lock, prepares images and old vectors, and writes.

    Returns:
        the run. Two processes that ask for the same one train it once: the second waits for the
            first.

    Raises:
        FileNotFoundError: images, or a given old model, are not there.
        ValueError: what the parts of the run lack, or a given old model that has changed.
        FloatingPointError: the training diverged.
    """
    root = (folder or cache_dir() / "runs").expanduser().resolve()  # what is said of it holds everywhere
    target = root / config.key()
    progress = progress if processes.main else False
    if processes.same((target / "run.json").exists()):
        return _load(target)
    make_folder(root)  # the run's own folder comes with its first file
    with locked(target) if processes.main else contextlib.nullcontext():
        if processes.same((target / "run.json").exists()):
            return _load(target)
        old = open_old(config.old, progress, folder, processes) if config.old and config.uses_old else None
        started = time.perf_counter()
        with processes.main_first():
            if isinstance(old, Run):
                check_apart(config, old, progress)
            upgrade = make_upgrade(config, old, progress)
        learner = LEARNERS[config.learner](**config.learner_options)
        method = METHODS[config.method](weight=config.weight, **config.method_options)
        watch = None
        if config.watch and config.old and processes.main:
            watch = new_old_watch(config, upgrade, old or open_old(config.old, progress, folder))
        history = train(
            upgrade,
            learner,
            method,
            config.train,
            device=default_device(),
            processes=processes,
            state=target / STATE,
            watch=watch,
            progress=progress,
        )
        check_finite(upgrade)
        with processes.main_first():
            if not processes.main:
                return load_run(target)
            seconds = round(time.perf_counter() - started, 1)
            return _finish(target, config, upgrade, history, seconds, processes.count)


def _load(target: Path) -> Run:
    """A complete run, also where nobody may write. Who was killed before the last line of
    :func:`_finish` left the state.
    """
    with contextlib.suppress(OSError):
        (target / STATE).unlink(missing_ok=True)
    return load_run(target)


def _finish(
    target: Path, config: RunConfig, upgrade: Upgrade, history: pd.DataFrame, seconds: float, processes: int
) -> Run:
    """Write a trained model and all that is known of it; ``run.json`` last, because it says
    "complete".
    """
    assert isinstance(upgrade.model, Embedder) and isinstance(upgrade.train, ReIDDataset)
    about = {"seed": config.train.seed, "seconds": seconds, "code": config.code(), **provenance()}
    about["processes"] = processes
    people = taught_people(config, upgrade)
    trained_on = TrainedOn.of(config.images, config.seed, upgrade.train)
    write_text(target / "history.csv", history.to_csv(index=False))
    save_model(target, upgrade.model, about)
    record = {"config": asdict(config), "people": people, "trained_on": trained_on.as_dict(), **about}
    write_json(target / "run.json", record)
    (target / STATE).unlink(missing_ok=True)
    return Run(target, config, tuple(people), trained_on, False, seconds)


def check_finite(upgrade: Upgrade) -> None:
    """Make sure that the last step, after which no loss is looked at, left numbers behind.

    Raises:
        FloatingPointError: a weight is NaN or infinite.
    """
    bad = [name for name, value in upgrade.model.state_dict().items() if not bool(torch.isfinite(value).all())]
    if bad:
        raise FloatingPointError(
            f"the last step made {len(bad)} weights of the model NaN or infinite, first {bad[0]}; lower the learning "
            "rate or the weight of the method"
        )


def taught_people(config: RunConfig, upgrade: Upgrade) -> list[str]:
    """The name of the person of each row of the classifier: of the training images, or of the
    labelled ones.

    Two domains number their people alike, so that the numbers cannot tell whose rows they are; the
    learner can.
    """
    by_labels = len(LEARNERS[config.learner].classes(upgrade.train, None)) > 0
    images, data = (config.images, upgrade.train) if by_labels else (config.labelled, upgrade.labelled)
    return [] if images is None or data is None else name_people(images, config.seed, data)


def check_apart(config: RunConfig, old: Run, progress: bool | None = None) -> None:
    """Make sure that nobody on whom the new run is judged was a training person of the old model.

    Raises:
        ValueError: somebody was; how many, and the remedy.
    """
    if old.trained_on is None:
        return
    splits = config.splits(progress)
    for part in ("validation", "test"):
        seen = old.trained_on.among(config.images, config.seed, splits, part)
        if seen:
            raise ValueError(
                f"{len(seen)} {part} people of {splits.train.name}, for example {min(seen)!r}, were training people of "
                f"the old model in {old.folder}, so that any measurement on them would flatter it. Split the people as "
                f"that run did (seed {old.config.seed}, the same layout), or write a split column without them"
            )


def open_old(
    old: RunConfig | GivenOld,
    progress: bool | None = None,
    folder: Path | None = None,
    processes: Processes = ALONE,
) -> OldModel:
    """The old model of a configuration: trained or loaded if it is a run, read as it is if it was
    given.

    Raises:
        FileNotFoundError: a given old model has gone.
        ValueError: a given old model has changed.
    """
    if isinstance(old, RunConfig):
        return run_or_load(old, progress=progress, folder=folder, processes=processes)
    old.check()
    return load_run(old.path) if old.is_run else OldVectors(Path(old.path))
