"""GPU report: what one CUDA device does in a few minutes, without a network, in one file.

``gpu-report.json`` (``gpu-report-SCALE.json`` at another scale than gpu) holds

- ``device``: ``name``, ``memory_gb``, ``capability``, ``processors`` (of the device), ``cuda`` and
  ``cpu_cores``; beside it ``versions``, ``hardware``, ``threads``, ``date``, ``command`` and
  ``scale``, as in every result file;
- ``drawing``: ``images_per_second`` that :class:`~rbcl_lite.data.world.World` draws on the device,
  with ``size``, ``chunk`` and ``images``;
- ``steps``: a list of what :func:`~rbcl_lite.experiments.gpu.step_times.step_time` says of every method
  and learner: ``scale``, ``learner``, ``method``, ``ms``, ``peak_mb``, ``prepare_s``, ``batch``;
  ``step_images`` says what they were measured on (the time of a step does not depend on what the
  images show);
- ``upgrades``: complete upgrades of the setting ``stronger-and-more`` on seed 0 at the weights that
  were ``chosen`` at laptop scale, each a record as the result file of a sweep holds it
  (:func:`~rbcl_lite.experiments.jobs.record`). Several are trained at once, so that their
  ``seconds`` are those of a shared device;
- ``complete``: whether everything was measured; ``skipped``: what did not fit into the minutes, empty
  after an interruption. The same command again measures what is missing;
- ``runs``: empty; other result files keep their records there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rbcl_lite.base.device import default_device
from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.progress import bar
from rbcl_lite.base.provenance import provenance
from rbcl_lite.base.scale import Scale, scale
from rbcl_lite.data.world import World
from rbcl_lite.experiments.gpu.in_time import run_in_time
from rbcl_lite.experiments.gpu.step_times import IMAGES, PLACE_CAMERAS, free, made_up, new_steps, step_time, to_time
from rbcl_lite.experiments.jobs import Job, execute
from rbcl_lite.experiments.result_file import RESULTS, add_command, merge, read, result_path
from rbcl_lite.experiments.settings import VARIANTS, WEIGHTS
from rbcl_lite.runs.config import RunConfig, code_of
from rbcl_lite.runs.run_or_load import open_old

SETTING = "stronger-and-more"
UPGRADES = ("independent", "bct", "contrastive", "smooth-ap", "rbcl-no-agents", "rbcl", "mixbct")
"""The upgrades, the most important first."""

SHARE_OF_STEPS = 0.5
"""Of the minutes; what is left is the upgrades'."""


def report_path(scale_name: str = "gpu", folder: Path = RESULTS) -> Path:
    """Where the report of a scale lies.

    >>> report_path("gpu", Path("a")).name, report_path("smoke", Path("a")).name
    ('gpu-report.json', 'gpu-report-smoke.json')
    """
    return result_path("gpu-report", "laptop" if scale_name == "gpu" else scale_name, folder)


def load_report(scale_name: str = "gpu", folder: Path = RESULTS) -> dict[str, Any]:
    """The report, as the head of this file describes it.

    Raises:
        FileNotFoundError: there is none; the command that makes it is named.
    """
    path = report_path(scale_name, folder)
    if not path.is_file():
        raise FileNotFoundError(f"no {path.name}; make it on a machine with a GPU: rbcl-lite experiment gpu-report")
    return read(path)


def report_age(report: dict[str, Any]) -> str:
    """When a report was measured, and whether its steps are those of the code that is here."""
    old = sum(row["code"] != code_of(row["method"], row["learner"]) for row in report["steps"])
    when = f"measured on {report['date']}"
    return f"{when}, with code older than what is here" if old else when


def gpu_report(
    *,
    minutes: float = 8.0,
    scale_name: str = "gpu",
    workers: int = 3,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Measure what this machine's CUDA device does, and write it down after each measurement.

    What the file holds already is not measured again, as long as the device, the version of torch
    and the code are the same; another device begins a new file.

    Args:
        minutes: after which nothing new is begun; no upgrade is begun that is expected to take
            longer.
        scale_name: of the upgrades and the steps; ``gpu`` times those of ``large`` too, and ResNet-50
            (:func:`~rbcl_lite.experiments.gpu.step_times.to_time`).
        workers: upgrades that are trained at once on the device.
        folder: where the file is written.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the file.

    Raises:
        ValueError: no CUDA device (only ``smoke`` runs on a CPU), an unknown scale, minutes that
            are not positive, no worker.
    """
    at = scale(scale_name)
    if not torch.cuda.is_available() and at.name != "smoke":
        raise ValueError("gpu-report measures a CUDA device, and there is none here; --scale smoke tries it on a CPU")
    if not minutes > 0 or workers < 1:
        raise ValueError(f"minutes must be above 0 and workers at least 1, got {minutes:g} and {workers}")
    begun = time.monotonic()
    path = report_path(at.name, folder)
    timed = to_time(at)
    chosen = weights()
    jobs = [Job(SETTING, m, chosen[m], 0, at.name) for m in UPGRADES]
    merge(path, lambda report: _begin(report, at, chosen))
    with bar(total=1 + sum(len(pairs) for _, pairs in timed) + len(jobs), desc="gpu report", enabled=progress) as shown:
        over = f"over by {datetime.now() + timedelta(minutes=minutes):%H:%M}"

        def show(what: str, count: int = 1) -> None:
            shown.update(count)
            shown.set_postfix_str(f"{what}, {over}")

        _draw(path, at)
        show("drawing")
        skipped = _time_steps(path, timed, begun + 60 * minutes * SHARE_OF_STEPS, show)
        skipped += _upgrade(path, at, jobs, begun + 60 * minutes, workers, show)
    merge(path, lambda report: report.update(skipped=skipped, complete=not skipped))
    return path


def device() -> dict[str, Any]:
    """The device that is measured, and the cores beside it."""
    about: dict[str, Any] = {"name": provenance()["hardware"], "cpu_cores": os.cpu_count()}
    if torch.cuda.is_available():
        p = torch.cuda.get_device_properties(0)
        about["memory_gb"] = round(p.total_memory / 2**30, 1)
        about["capability"], about["processors"] = f"{p.major}.{p.minor}", p.multi_processor_count
        about["cuda"] = torch.version.cuda
    return about


def weights() -> dict[str, float]:
    """The weight of each upgrade: chosen at laptop scale, or the second of its list where none was chosen yet."""
    chosen = read(result_path(SETTING, "laptop", RESULTS))["chosen"]
    return {m: 0.0 if m == "independent" else float(chosen.get(m, WEIGHTS[m][1])) for m in UPGRADES}


def drawing(at: Scale) -> dict[str, Any]:
    """Images that the world draws in a second, at 128 x 64, in chunks of 256 on a card."""
    world = World("campus", identities=64, size=(128, 64), device=default_device())
    count, least = (world.chunk, 0.0) if at.name == "smoke" else (8 * world.chunk, 2.0)
    who, cam, index = np.arange(count) % 64, np.arange(count) // 64 % world.cameras, np.arange(count) // 384
    world.images(who[: world.chunk], cam[: world.chunk], index[: world.chunk])  # the first one prepares the device
    started, drawn = time.perf_counter(), 0
    while not drawn or time.perf_counter() - started < least:
        drawn += len(world.images(who, cam, index))
    rate = round(drawn / (time.perf_counter() - started), 1)
    about = {"size": list(world.size), "chunk": world.chunk, "images": drawn, "images_per_second": rate}
    return {**about, "code": fingerprint("data.world")}


def _begin(report: dict[str, Any], at: Scale, chosen: dict[str, float]) -> None:
    """Start a report, or go on with one of the same device and the same torch."""
    here = {"device": device(), "versions": provenance()["versions"]}
    if any(report.get(k) != v for k, v in here.items()):
        report.clear()
        report.update(here, drawing={}, steps=[], upgrades=[], runs=[])
    report.update(provenance(), scale=at.name, setting=SETTING, step_images=IMAGES, chosen=chosen)
    report.update(skipped=[], complete=False)
    add_command(report)


def _draw(path: Path, at: Scale) -> None:
    if read(path)["drawing"].get("code") != fingerprint("data.world"):
        measured = drawing(at)
        merge(path, lambda report: report.update(drawing=measured))


def _time_steps(
    path: Path, timed: list[tuple[Scale, list[tuple[str, str]]]], until: float, show: Callable[[str], None]
) -> list[str]:
    """Time what is not in the file; returns what there was no time for."""
    skipped = []
    known = {_which(r): r for r in read(path)["steps"] if "error" not in r}
    for at, pairs in timed:
        start = None
        for learner, method in pairs:
            which = (at.name, learner, method)
            if known.get(which, {}).get("code") != code_of(method, learner):
                if time.monotonic() > until:
                    skipped.append(f"steps of {' '.join(which)}")
                    continue
                start = start or made_up(at)
                row = step_time(start, at, learner, method, default_device(), steps=1 if at.name == "smoke" else 15)
                merge(path, lambda report: _put(report["steps"], row, _which))  # noqa: B023 - used at once
            show(" ".join(which))
    return skipped


def _upgrade(
    path: Path, at: Scale, jobs: list[Job], until: float, workers: int, show: Callable[[str, int], None]
) -> list[str]:
    """Train and measure the upgrades that are not in the file and fit; returns the others."""
    report = read(path)
    known = {r["run"] for r in report["upgrades"]}
    todo = [job for job in jobs if job.key() not in known]
    show("upgrades", len(jobs) - len(todo))
    ms = {r["method"]: r["ms"] for r in report["steps"] if r["scale"] == at.name and r["learner"] == "supervised"}
    measured = [value for value in ms.values() if value]
    if todo and measured:

        def alone(job: Job) -> float:
            name = VARIANTS.get(job.method, (job.method,))[0]
            return 1e-3 * new_steps(at) * (ms.get(name) or max(measured))

        def keep(job: Job, record: dict[str, Any]) -> None:
            merge(path, lambda now: _put(now["upgrades"], record, lambda r: r["method"]))
            show(job.method, 1)

        people = at.people * at.views + (at.validation_people + at.test_people) * (1 + at.gallery_views)
        drawn = PLACE_CAMERAS * people
        first = len({at.size, at.old_size}) * drawn / report["drawing"]["images_per_second"]
        first += 0.25 * alone(todo[0]) * at.old_epochs / at.epochs  # a smaller model on a quarter of the people
        if time.monotonic() + first + alone(todo[0]) <= until:
            old = todo[0].config().old
            assert isinstance(old, RunConfig)
            todo[0].config().splits(False)
            open_old(old, progress=False)
            free()  # the processes need the memory
            todo = run_in_time(todo, execute, alone, until, workers, keep)
    return [f"upgrade {job.method}" for job in todo]


def _which(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["scale"], row["learner"], row["method"]


def _put(rows: list[dict[str, Any]], row: dict[str, Any], which: Callable[[dict[str, Any]], Any]) -> None:
    """Add a row in place of the one of the same name."""
    rows[:] = [*(r for r in rows if which(r) != which(row)), row]
