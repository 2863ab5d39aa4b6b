"""Freshness of measured numbers: whether they still belong to the code that is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from rbcl_lite.experiments import ablation, repeatability
from rbcl_lite.experiments.ablation import VariantJob, measure_variant
from rbcl_lite.experiments.jobs import Job, execute, run_jobs
from rbcl_lite.experiments.omniglot.job import UPGRADES, OmniglotJob, measure_fold
from rbcl_lite.experiments.repeatability import RepeatJob, repeat
from rbcl_lite.experiments.result_file import RESULTS, command_line, merge, read
from rbcl_lite.experiments.rollout import job as rollout
from rbcl_lite.experiments.rollout.job import RolloutJob, roll_out

ORIGIN = ("versions", "hardware", "threads", "date", "commands")


KINDS: dict[str, tuple[type[Job], Callable[[Job], dict[str, Any]]]] = {
    ablation.NAME: (VariantJob, measure_variant),
    rollout.NAME: (RolloutJob, roll_out),
    repeatability.NAME: (RepeatJob, repeat),
    **dict.fromkeys(UPGRADES, (OmniglotJob, measure_fold)),
}
"""The kind of job of an experiment, and what executes it; of every other result :class:`Job` and
``execute``.
"""


def kind_of(result: Mapping[str, Any]) -> tuple[type[Job], Callable[[Job], dict[str, Any]]]:
    """The kind of job that a result file's records answer, and what executes it."""
    return KINDS.get(result["setting"], (Job, execute))


def job_of(result: Mapping[str, Any], record: Mapping[str, Any]) -> Job:
    """The job that a record of a result file answers."""
    return kind_of(result)[0].stored(result, record)


def stale_records(result: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The records of each method whose runs would have another key today: other code, images or
    options.
    """
    found = defaultdict(list)
    for record in result["runs"]:
        if record["run"] != job_of(result, record).key():
            found[record["method"]].append(record)
    return dict(found)


def age(result: Mapping[str, Any]) -> str:
    """When a result was measured, and whether its models would be trained so today; in lines that fit a page."""
    old = stale_records(result)
    when = f"Measured on {result['date']}"
    if not old:
        return f"{when}, by the code that is here."
    methods = len({r["method"] for r in result["runs"]})
    return (
        f"{when}, with code or a recipe older than what is here\n({len(old)} of {methods} methods). "
        "Its models were trained otherwise than those of today:\nthe numbers of both must not be compared."
    )


def stale(folder: Path = RESULTS) -> list[str]:
    """One line for each method of a result file that has stale records."""
    found = []
    for path in sorted(folder.glob("*.json")):
        for method in sorted(stale_records(read(path))):
            found.append(f"{path.name}: {method} is older than the code or the images it was measured with")
    return found


def confirm(path: Path, *, data: str | Path | None = None, workers: int = 2, progress: bool | None = None) -> list[str]:
    """After a change that should change no number: train one run of each stale method again, and
    compare.

    The witness of a method is the stale run at its chosen weight on its first seed. Where
    validation and test scores are the recorded ones to the last digit, the other records of the
    method are taken over: they get the key that their runs have today, and the file keeps the date
    of the confirmation beside that of the measurement. Where they differ, only the witness is
    replaced, and the others stay stale until they are measured again.

    Args:
        path: a result file.
        data: the folder of Omniglot's images, for the results that were measured on them.
        workers: processes, one thread each.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        one line for each stale method; none if everything is up to date.

    Raises:
        ValueError: ``data`` holds other images than the result was measured on.
    """
    result = read(path)
    old = stale_records(result)
    witnesses = {}
    for method, records in old.items():
        chosen = [r for r in records if r["weight"] == result["chosen"].get(method)] or records
        witness = min(chosen, key=lambda r: r["seed"])
        job = job_of(result, witness).found(data)
        if job is None:
            return [f"{path.name}: {', '.join(sorted(old))} cannot be confirmed without the images: give --data"]
        witnesses[job] = witness
    if not witnesses:
        return []
    again = run_jobs(list(witnesses), kind_of(result)[1], workers, path, "witnesses", progress)
    same = {
        job.method: all(again[job][part] == record[part] for part in ("validation", "test"))
        for job, record in witnesses.items()
    }

    def take_over(now: dict[str, Any]) -> None:
        for record in now["runs"]:
            if same.get(record["method"]):
                record["run"] = job_of(now, record).key()
        by = {"date": date.today().isoformat(), "by": command_line()}
        now.update({key: result[key] for key in ORIGIN}, confirmed=by)

    merge(path, take_over)
    return [
        f"{path.name}: {method} gives the recorded numbers, {len(old[method])} records confirmed"
        if equal
        else f"{path.name}: {method} gives other numbers now, measure it again"
        for method, equal in sorted(same.items())
    ]
