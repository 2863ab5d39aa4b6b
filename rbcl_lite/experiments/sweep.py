"""Sweep of weights: all on one seed, the choice on validation people, then more seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.choice import choose_weight, next_weight
from rbcl_lite.experiments.jobs import Job, as_changes, execute, run_jobs
from rbcl_lite.experiments.result_file import RESULTS, merge, read, result_path
from rbcl_lite.experiments.rotation import BASELINES
from rbcl_lite.experiments.settings import SETTINGS, VARIANTS, WEIGHTS
from rbcl_lite.experiments.tables.runs import chosen_runs
from rbcl_lite.methods import METHODS

MOST_WEIGHTS = 9
"""From this many weights on a list grows no more, even if the choice falls on its end; the file
says so.
"""
LEAD = 3.0
"""Points of new/old behind the best within which a method gets the last seeds too."""


def sweep(
    setting: str,
    methods: Sequence[str],
    *,
    name: str | None = None,
    changes: Mapping[str, Any] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    leader_seeds: Sequence[int] = (),
    whole_curves: Sequence[str] = (),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Sweep methods on a setting and write one result file; what is done already is not done again.

    The first seed gets every weight of :data:`~rbcl_lite.experiments.settings.WEIGHTS`; where the
    choice falls on an end of the list, the list grows until it does not. The other seeds get the
    chosen weight, all methods one seed before the next, so that a stop at any moment leaves a fair
    table. The independent model and the rotation are always there.

    Args:
        setting: name of the setting.
        methods: names of methods and variants.
        name: of the result file, the setting's by default: what is compared beside a setting's table
            has a file of its own.
        changes: of every run's configuration (:func:`~rbcl_lite.experiments.changes.changed`), for
            example ``{"batch": (8, 4)}``; only in a file of its own.
        seeds: of people and weights.
        leader_seeds: further seeds, for the methods within three points of the best validation
            new/old.
        whole_curves: methods that get every weight on every one of ``seeds``, so that they can be
            compared at one price (:func:`~rbcl_lite.experiments.tables.price.at_price`).
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``NAME.json`` is written (``NAME-SCALE.json`` at another scale than laptop).
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file. Its ``ends`` lists the methods whose chosen weight is an end of the
        list.

    Raises:
        ValueError: no seed, no method, a method without a list of weights, a whole curve of a method
            that is not swept, a file that is another setting's, or changes in the setting's own file
            or in one that holds others.
    """
    at, file = scale(scale_name).name, name or setting
    path = result_path(file, at, folder)
    there = read(path)
    if (file in SETTINGS and file != setting) or there.get("setting", setting) != setting:
        raise ValueError(f"{path.name} belongs to another setting than {setting}: choose another name")
    same = as_changes(changes or {})
    if same and file == setting:
        raise ValueError(f"{path.name} holds {setting} as it is: give runs with {dict(same)} a name of their own")
    other = [r.get("changes", {}) for r in there["runs"] if as_changes(r.get("changes", {})) != same]
    if other:
        raise ValueError(f"{path.name} holds runs with {other[0]}, not with {dict(same)}: choose another name")

    def job(method: str, weight: float, seed: int) -> Job:
        return Job(setting, method, weight, seed, at, same)

    sweep_jobs(
        path,
        job,
        execute,
        methods,
        seeds=seeds,
        leader_seeds=leader_seeds,
        whole_curves=whole_curves,
        workers=workers,
        progress=progress,
    )
    return path


def sweep_jobs(
    path: Path,
    job: Callable[[str, float, int], Job],
    work: Callable[[Job], dict[str, Any]],
    methods: Sequence[str],
    *,
    seeds: Sequence[int],
    leader_seeds: Sequence[int] = (),
    whole_curves: Sequence[str] = (),
    workers: int = 2,
    progress: bool | None = None,
) -> None:
    """The sweep of any upgrade, as :func:`sweep` describes it.

    Args:
        path: the result file.
        job: from method, weight and seed to the job.
        work: a function of a module, from a job to its record.
        methods, seeds, leader_seeds, whole_curves, workers, progress: see :func:`sweep`.

    Raises:
        ValueError: no seed, no method, a method without a list of weights, or a whole curve of a
            method that is not swept.
    """
    unknown = [m for m in methods if m not in WEIGHTS]
    if unknown:
        raise ValueError(f"no weights are listed for {', '.join(unknown)}; choose among {', '.join(WEIGHTS)}")
    if not seeds or not methods:
        raise ValueError(f"a sweep needs at least one seed and one method, got {len(seeds)} and {len(methods)}")
    left_out = sorted(set(whole_curves) - set(methods))
    if left_out:
        raise ValueError(f"whole curves are asked for {', '.join(left_out)}: name them among the methods too")
    first = seeds[0]

    def jobs(method_weights: Mapping[str, float], seed: int) -> list[Job]:
        return [job(m, float(w), seed) for m, w in method_weights.items()]

    most = max(len(WEIGHTS[m]) for m in methods)
    columns = [{m: WEIGHTS[m][i] for m in methods if i < len(WEIGHTS[m])} for i in range(most)]
    todo = jobs(BASELINES, first) + [j for column in columns for j in jobs(column, first)]
    while True:
        done = run_jobs(todo, work, workers, path, "weights", progress)
        chosen, further = {}, {}
        for m in methods:
            records = [done[j] for j in todo if j.method == m]
            chosen[m] = choose_weight(records, done[todo[0]])
            wanted = next_weight([r["weight"] for r in records], chosen[m], limit_of(m))
            if wanted is not None:
                further[m] = wanted
        growing = {m: w for m, w in further.items() if sum(j.method == m for j in todo) < MOST_WEIGHTS}

        def keep(result: dict[str, Any]) -> None:
            others = (m for m in result.get("ends", ()) if m not in methods)
            result.update(chosen={**result["chosen"], **chosen}, ends=sorted({*further, *others}))  # noqa: B023

        merge(path, keep)
        if not growing:
            break
        todo += jobs(growing, first)
    for seed in seeds[1:]:
        run_jobs(jobs({**BASELINES, **chosen}, seed), work, workers, path, f"seed {seed}", progress)
    leading = {m: w for m, w in chosen.items() if m in leaders(path, methods)} if leader_seeds else {}
    for seed in leader_seeds:
        run_jobs(jobs({**BASELINES, **leading}, seed), work, workers, path, f"seed {seed}", progress)
    swept = [(j.method, j.weight) for j in todo if j.method in whole_curves]
    for seed in seeds[1:]:
        run_jobs([job(m, w, seed) for m, w in swept], work, workers, path, f"curves of seed {seed}", progress)


def limit_of(method: str) -> float | None:
    """The largest weight that a method takes; only a share has one.

    >>> limit_of("mixbct"), limit_of("bct")
    (0.9, None)
    """
    return 0.9 if METHODS[VARIANTS.get(method, (method, {}))[0]].replaces_identity else None


def leaders(path: Path, methods: Sequence[str]) -> list[str]:
    """The methods whose mean validation new/old lies within three points of the best one's, at
    their chosen weights.
    """
    runs = chosen_runs(read(path), "validation")
    means = runs.groupby("method")["new_old"].mean()
    known = {m: means[m] for m in methods if m in means}
    return [m for m, mean in known.items() if mean >= max(known.values()) - LEAD]
