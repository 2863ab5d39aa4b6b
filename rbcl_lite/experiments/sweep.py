"""The sweep: five weights on one seed, the choice on validation people, then more seeds at the chosen weight."""

from __future__ import annotations

import json
import multiprocessing
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from rbcl_lite.checkpoint import write_json
from rbcl_lite.config import RunConfig
from rbcl_lite.experiments.measure import measure, scores
from rbcl_lite.experiments.settings import WEIGHTS, compatible
from rbcl_lite.progress import bar
from rbcl_lite.provenance import provenance
from rbcl_lite.runs import Run, run_or_load
from rbcl_lite.scale import scale

RESULTS = Path(__file__).parent.parent / "results"
MAX_LOSS = 2.0  # points of validation new/new that a weight may cost


@dataclass(frozen=True)
class Job:
    """One run of a sweep."""

    setting: str
    method: str
    weight: float
    seed: int
    scale: str

    def config(self) -> RunConfig:
        """The run that the job asks for."""
        return compatible(self.setting, self.method, self.weight, self.seed, self.scale)


def execute(job: Job) -> dict[str, Any]:
    """Train (or load) one run and measure it on validation and on test people."""
    torch.set_num_threads(1)
    config = job.config()
    assert config.old is not None
    new, old = run_or_load(config, progress=False), run_or_load(config.old, progress=False)
    return record(job, new, {part: scores(measure(old, new, part)) for part in ("validation", "test")})


def record(job: Job, run: Run, measured: Mapping[str, Any]) -> dict[str, Any]:
    """What a result file keeps of a job: what it was, what was measured, what it cost, and the run it came from."""
    history = run.history
    return {
        "method": job.method,
        "weight": job.weight,
        "seed": job.seed,
        **measured,
        "seconds": round(float(history["seconds"].sum()), 1),
        "prepare_seconds": round(float(history["prepare_seconds"].sum()), 1),
        "run": run.config.key(),
    }


def result_path(name: str, scale_name: str, folder: Path) -> Path:
    """Where a result of a scale is written; only laptop's carries no scale in its name.

    >>> result_path("more-identities", "gpu", Path("results")).name
    'more-identities-gpu.json'
    """
    return folder / f"{name}{'' if scale_name == 'laptop' else '-' + scale_name}.json"


def choose_weight(records: Iterable[dict[str, Any]], independent: dict[str, Any]) -> float:
    """The rule of this book: the best validation new/old that costs at most 2 points of validation new/new.

    Args:
        records: the runs of one method on one seed.
        independent: the independent run on the same seed.

    Returns:
        the weight; where every weight costs more than 2 points, the one that costs least.

    >>> r = lambda w, no, nn: {"weight": w, "validation": {"new_old": no, "new_new": nn}}
    >>> choose_weight([r(1, 30, 80), r(4, 35, 79), r(16, 36, 60)], r(0, 1, 80.5))
    4
    """
    records = list(records)
    floor = independent["validation"]["new_new"] - MAX_LOSS
    fair = [r for r in records if r["validation"]["new_new"] >= floor]
    if fair:
        return max(fair, key=lambda r: r["validation"]["new_old"])["weight"]
    return max(records, key=lambda r: r["validation"]["new_new"])["weight"]


def sweep(
    setting: str,
    methods: Sequence[str],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Sweep methods on a setting and write one result file; what is done already is not done again.

    The first seed gets every weight of :data:`~rbcl_lite.experiments.settings.WEIGHTS`, the others the chosen one.

    Args:
        setting: name of the setting.
        methods: names of methods; the independent run is always added.
        seeds: of people and weights.
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.scale.scale`.
        folder: where ``SETTING.json`` is written (``SETTING-SCALE.json`` at another scale than laptop).
        progress: see :func:`rbcl_lite.progress.bar`.

    Returns:
        path of the result file.

    Raises:
        ValueError: a method without a list of weights.
    """
    name = scale(scale_name).name
    unknown = [m for m in methods if m not in WEIGHTS]
    if unknown:
        raise ValueError(f"no weights are listed for {', '.join(unknown)}; choose among {', '.join(WEIGHTS)}")
    path = result_path(setting, name, folder)
    first, others = seeds[0], seeds[1:]
    base = [Job(setting, "independent", 0.0, s, name) for s in seeds]
    swept = [Job(setting, m, float(w), first, name) for m in methods for w in WEIGHTS[m]]
    done = run_jobs(base[:1] + swept + base[1:], execute, workers, path, "weights", progress)
    alone = done[base[0]]
    chosen = {m: choose_weight([done[j] for j in swept if j.method == m], alone) for m in methods}
    more = [Job(setting, m, chosen[m], s, name) for m in methods for s in others]
    run_jobs(more, execute, workers, path, "seeds", progress)
    merge(path, lambda result: result["chosen"].update(chosen))
    return path


def run_jobs(
    jobs: Sequence[Job],
    work: Callable[[Job], dict[str, Any]],
    workers: int,
    path: Path,
    what: str,
    progress: bool | None,
) -> dict[Job, dict[str, Any]]:
    """Execute jobs in processes; the record of every finished one is written into the result file at once.

    A job whose record is in the file already is not executed again, unless the key of its run has changed since:
    another configuration, other code or other images.

    Args:
        jobs: what to do.
        work: a function of a module, from a job to its record.
        workers: processes.
        path: the result file.
        what: word on the progress bar.
        progress: see :func:`rbcl_lite.progress.bar`.

    Returns:
        the record of each job.
    """
    known = {r["run"]: r for r in _read(path)["runs"]}
    done = {job: known[key] for job in jobs if (key := job.config().key()) in known}
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, mp_context=context) as pool,
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
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _put(result: dict[str, Any], job: Job, record: dict[str, Any]) -> None:
    result.update(setting=job.setting, scale=job.scale, **provenance(), command=command_line())
    same = ("method", "weight", "seed")
    result["runs"] = [r for r in result["runs"] if any(r[k] != record[k] for k in same)] + [record]
    result["runs"].sort(key=lambda r: tuple(str(r[k]) for k in same))


def command_line() -> str:
    """The command that is running, as a reader would type it."""
    return shlex.join(["rbcl-lite", *sys.argv[1:]])


def _read(path: Path) -> dict[str, Any]:
    """A result file, or the start of one."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"chosen": {}, "runs": []}


def merge(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a result file under a lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        result = _read(path)
        change(result)
        write_json(path, result)
