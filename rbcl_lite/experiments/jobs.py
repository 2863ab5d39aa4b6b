"""Jobs of an experiment: runs trained and measured in processes, each record kept at once."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rbcl_lite.base.children import end_with_parent
from rbcl_lite.base.files import make_folder
from rbcl_lite.base.progress import bar
from rbcl_lite.base.provenance import provenance
from rbcl_lite.experiments.changes import changed
from rbcl_lite.experiments.measure import CrossTest, measure, scores
from rbcl_lite.experiments.result_file import add_command, merge, read
from rbcl_lite.experiments.rotation import ROTATION, rotated
from rbcl_lite.experiments.settings import compatible
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.run_or_load import open_old, run_or_load

NAMES = ("method", "weight", "seed", "changes")
"""The fields of a record that say which job it answers."""


def measured_key(config: RunConfig) -> str:
    """Content address of a run's numbers: of the run, and of the old model that it is measured on where
    the run does not depend on it.
    """
    return config.key() if config.uses_old or config.old is None else f"{config.key()} on {config.old.key()}"


@dataclass(frozen=True)
class Job:
    """One run of an experiment.

    Args:
        setting: name of the setting.
        method: of a method or a variant, or ``rotation``.
        weight: lambda.
        seed: of people and weights.
        scale: name of the scale.
        changes: dotted names and values by which the run differs from the setting's
            (:func:`~rbcl_lite.experiments.changes.changed`).
    """

    setting: str
    method: str
    weight: float
    seed: int
    scale: str
    changes: tuple[tuple[str, Any], ...] = ()

    def config(self) -> RunConfig:
        """The run that the job asks for."""
        method = "independent" if self.method == ROTATION else self.method
        return changed(compatible(self.setting, method, self.weight, self.seed, self.scale), dict(self.changes))

    def key(self) -> str:
        """Content address of the record: :func:`measured_key` of the run, and for the rotation of what it rotates."""
        key = measured_key(self.config())
        return f"{ROTATION}-{key}" if self.method == ROTATION else key

    def shared(self) -> dict[str, Any]:
        """What the result file says once of all its jobs, beside setting and scale."""
        return {}

    def found(self, data: str | Path | None) -> Job | None:
        """The job with its images at hand: itself, unless a kind of job needs a folder for them; None
        where that is not given.
        """
        return self

    @classmethod
    def stored(cls, result: Mapping[str, Any], record: Mapping[str, Any]) -> Job:
        """The job that a record of a result file answers."""
        names = (record["method"], record["weight"], record["seed"])
        return cls(result["setting"], *names, result["scale"], as_changes(record.get("changes", {})))


def as_changes(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Changes as a job holds them, of a dictionary or of what JSON makes of one.

    >>> as_changes({"batch": [8, 4], "train.epochs": 16})
    (('batch', (8, 4)), ('train.epochs', 16))
    """
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())


def execute(job: Job) -> dict[str, Any]:
    """Train (or load) one run and measure it on validation and on test people."""
    new, tests = cross_tests(job)
    return record(job, new, {part: scores(test) for part, test in tests.items()})


def cross_tests(job: Job, threads: int = 1, folder: Path | None = None) -> tuple[Run, dict[str, CrossTest]]:
    """The run of a job, trained or loaded, and its cross-test on validation and on test people; that
    of the rotated model for the rotation.

    Args:
        job: what is measured.
        threads: of this process.
        folder: where the run and its old run are kept
            (:func:`~rbcl_lite.runs.run_or_load.run_or_load`).
    """
    torch.set_num_threads(threads)
    config = job.config()
    assert config.old is not None
    new = run_or_load(config, progress=False, folder=folder)
    old = open_old(config.old, False, folder)
    tests = {part: measure(old, new, part, progress=False) for part in ("validation", "test")}
    if job.method == ROTATION:
        tests = {part: rotated(test, old, new) for part, test in tests.items()}
    return new, tests


def record(job: Job, run: Run, measured: Mapping[str, Any]) -> dict[str, Any]:
    """What a result file keeps of a job: what it was, what was measured, the share of saturated pairs in
    its last epoch where the method counts them, where, what it cost, and the run's key.
    """
    history = run.read_history()
    where = provenance()
    watched = [c for c in ("new_old", "new_new", "saturation") if c in history] if run.config.watch else []
    epochs = {c: [round(v, 4) for v in history[c].tolist()] for c in watched}
    dead = {"saturation": round(float(history["saturation"].iloc[-1]), 4)} if "saturation" in history else {}
    return {
        "method": job.method,
        "weight": job.weight,
        "seed": job.seed,
        **({"changes": dict(job.changes)} if job.changes else {}),
        **measured,
        **({"epochs": epochs} if epochs else {}),
        **dead,
        "seconds": round(float(history["seconds"].sum()), 1),
        "prepare_seconds": round(float(history["prepare_seconds"].sum()), 1),
        "hardware": where["hardware"],
        "date": where["date"],
        "run": job.key(),
    }


def run_jobs(
    jobs: Sequence[Job],
    work: Callable[[Job], dict[str, Any]],
    workers: int,
    path: Path,
    what: str,
    progress: bool | None,
) -> dict[Job, dict[str, Any]]:
    """Execute jobs in processes; the record of every finished one is written into the result file
    at once.

    A job whose record is in the file already is not executed again, unless the key of its run has
    changed since: another configuration, other code or other images.

    Args:
        jobs: what to do, in the order in which it is begun.
        work: a function of a module, from a job to its record.
        workers: processes.
        path: the result file.
        what: word on the progress bar.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        the record of each job.

    Raises:
        ValueError: fewer than one worker, or a file that is no result.
        OSError: nothing can be written there.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    make_folder(path.parent)  # an error now, not after the first job
    known = {_answers(r["run"], r.get("changes", {})): r for r in read(path)["runs"]}
    done = {job: known[key] for job in jobs if (key := _answers(job.key(), dict(job.changes))) in known}
    if len(done) == len(set(jobs)):
        return done
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, context, end_with_parent) as pool,
        bar(total=len(jobs), desc=what, enabled=progress) as b,
    ):
        b.update(len(done))
        waiting = {pool.submit(work, job): job for job in jobs if job not in done}
        try:
            for future in as_completed(waiting):
                job = waiting[future]
                done[job] = future.result()
                merge(path, lambda result: _put(result, job, done[job]))  # noqa: B023 - used before the next turn
                b.update()
                b.set_postfix_str(f"{job.method} {job.weight:g} seed {job.seed}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return done


def _answers(run: str, changes: Mapping[str, Any]) -> tuple[str, str]:
    """What a record is found by: an independent run is one for all old models, its measurement is
    not.
    """
    return run, json.dumps(dict(changes), sort_keys=True)


def _put(result: dict[str, Any], job: Job, record: dict[str, Any]) -> None:
    record = json.loads(json.dumps(record))  # as the file gives it back: a list where a change is a tuple
    result.update(setting=job.setting, scale=job.scale, **job.shared(), **provenance())
    add_command(result)
    others = [r for r in result["runs"] if any(r.get(k) != record.get(k) for k in NAMES)]
    result["runs"] = sorted([*others, record], key=lambda r: tuple(str(r.get(k)) for k in NAMES))
