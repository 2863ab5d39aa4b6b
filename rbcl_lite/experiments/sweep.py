"""Sweep of weights: all on one seed, the choice on validation people, then more seeds at the chosen weight."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.choice import choose_weight
from rbcl_lite.experiments.jobs import Job, execute, run_jobs
from rbcl_lite.experiments.result_file import RESULTS, merge, result_path
from rbcl_lite.experiments.settings import WEIGHTS


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
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``SETTING.json`` is written (``SETTING-SCALE.json`` at another scale than laptop).
        progress: see :func:`rbcl_lite.base.progress.bar`.

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
