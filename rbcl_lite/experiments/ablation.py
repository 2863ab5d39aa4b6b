"""Ablation of learning without labels: ECN's invariances one by one, and pseudo labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from rbcl_lite.base.scale import scale
from rbcl_lite.data.images import Images
from rbcl_lite.experiments.jobs import Job, record, run_jobs
from rbcl_lite.experiments.result_file import RESULTS, result_path
from rbcl_lite.experiments.settings import independent
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.run_or_load import run_or_load

NAME = "unlabelled-station"
"""Name of the result file."""

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "source-only": ("stronger-and-more", {}),
    "statistics": ("cross-domain-ecn", {"exemplar": False, "camera": False, "neighbours": False}),
    "E": ("cross-domain-ecn", {"camera": False, "neighbours": False}),
    "E+C": ("cross-domain-ecn", {"neighbours": False}),
    "E+N": ("cross-domain-ecn", {"camera": False}),
    "E+C+N": ("cross-domain-ecn", {}),
    "no-warm-up": ("cross-domain-ecn", {"warmup": 0.0, "start": 5 / 60}),
    "pseudo-labels": ("cross-domain-pseudo-labels", {}),
    "labels": ("cross-domain-supervised", {}),
}
"""Name, and the independent run that it is: a setting, and options of its learner.

``source-only`` never meets a station image; ``statistics`` learns from campus alone, and its batch
norm counts on station images; ``no-warm-up`` is E+C+N on the paper's schedule; ``labels`` is told
who is who at the station, which none of the others is.
"""


def variant(name: str, seed: int = 0, scale_name: str | None = None) -> RunConfig:
    """The run of a variant. All have the same backbone and number of epochs.

    Raises:
        ValueError: an unknown name.

    >>> variant("E+N", scale_name="laptop").learner_options["camera"]
    False
    """
    if name not in VARIANTS:
        raise ValueError(f"unknown variant {name!r}: choose one of {', '.join(VARIANTS)}")
    setting, options = VARIANTS[name]
    config = independent(setting, seed, scale_name)
    return replace(config, learner_options={**config.learner_options, **options})


@dataclass(frozen=True)
class VariantJob(Job):
    """One run of the ablation; ``method`` is the name of a variant."""

    def config(self) -> RunConfig:
        """The run that the job asks for."""
        return variant(self.method, self.seed, self.scale)

    def key(self) -> str:
        """Content address of the run."""
        return self.config().key()


def ablation(
    *,
    seeds: Sequence[int] = (0, 1, 2),
    variants: Sequence[str] = tuple(VARIANTS),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Train every variant on every seed and measure it at the station; what is done already is not
    done again.

    Nothing is chosen here, so the runs differ in the learner alone.

    Args:
        seeds: of people and weights.
        variants: names in :data:`VARIANTS`.
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``unlabelled-station.json`` is written (with the scale in its name if that is
            not laptop).
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file: a list of runs, as :func:`~rbcl_lite.experiments.tables.runs.runs_table`
        reads it, with the variant's name as ``method``, the station's mAP and rank-1 in per cent,
        and per epoch what the learner observed (``purity``, ``clusters``, ``clustered``).

    Raises:
        ValueError: an unknown variant.
    """
    name = scale(scale_name).name
    path = result_path(NAME, name, folder)
    jobs = [VariantJob(NAME, v, 0.0, s, name) for s in seeds for v in variants]
    run_jobs(jobs, measure_variant, workers, path, "variants", progress)
    return path


def measure_variant(job: Job) -> dict[str, Any]:
    """Train (or load) a variant and measure it on the station's validation and test people."""
    torch.set_num_threads(1)
    run = run_or_load(job.config(), progress=False)
    history = run.read_history()
    observed = [c for c in ("purity", "clusters", "clustered") if c in history]
    measured = {
        "validation": at_station(run, "validation"),
        "test": at_station(run, "test"),
        "epochs": {c: [None if v != v else round(v, 4) for v in history[c].tolist()] for c in observed},
    }
    return record(job, run, measured)


def at_station(run: Run, part: str = "test") -> dict[str, float]:
    """mAP and rank-1 in per cent of a run on the station's people, whatever it was trained on."""
    split = replace(run.config, images=Images("station")).splits(False).held_out(part)
    result = evaluate_ranking(run.extract(split.query, False), run.extract(split.gallery, False))
    return {"mAP": round(100 * result.mAP, 2), "rank1": round(100 * result.rank(1), 2)}
