"""Omniglot: the methods on real handwriting, where characters are the people and hands the cameras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.omniglot.folds import FOLDS, fold
from rbcl_lite.experiments.omniglot.images import ImageSet, read_drawings
from rbcl_lite.experiments.omniglot.job import ACROSS, NAME, UPGRADES, OmniglotJob, check_same, measure_fold
from rbcl_lite.experiments.result_file import RESULTS, read, result_path
from rbcl_lite.experiments.sweep import sweep_jobs

METHODS = ("l2", "bct", "contrastive", "nccl", "mixbct", "smooth-ap", "rbcl-no-agents", "rbcl")
"""The methods of the table, beside the independent model and the rotation."""


def omniglot(
    data: str | Path,
    *,
    upgrade: str = NAME,
    methods: Sequence[str] = METHODS,
    seeds: Sequence[int] = tuple(range(FOLDS)),
    workers: int = 2,
    scale_name: str | None = None,
    folder: Path = RESULTS,
    progress: bool | None = None,
) -> Path:
    """Sweep methods on Omniglot and write one result file; what is done already is not done again.

    Args:
        data: folder of the images (:func:`~rbcl_lite.experiments.omniglot.images.read_drawings`).
        upgrade: a key of :data:`UPGRADES`.
        methods: names of methods and variants.
        seeds: 0 to 4, of folds and weights; the first gets every weight, the others the chosen one.
        workers: processes, one thread each.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        folder: where ``UPGRADE.json`` is written (with the scale in its name if that is not
            laptop).
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        path of the result file, as :func:`~rbcl_lite.experiments.sweep.sweep` writes it; ``images``
        says which set it was measured on.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: an unknown upgrade, a seed without a fold, other images than Omniglot's, or than
            those of the file.
    """
    if upgrade not in UPGRADES:
        raise ValueError(f"unknown upgrade {upgrade!r}: choose one of {', '.join(UPGRADES)}")
    at = scale(scale_name).name
    drawings = read_drawings(data)
    for seed in seeds:  # an error now, not after the first seed
        fold(sorted(set(drawings.characters)), seed, upgrade == ACROSS)
    path = result_path(upgrade, at, folder)
    known = read(path).get("images")
    if known:
        check_same(drawings.about, ImageSet(**known), path.name)

    def job(method: str, weight: float, seed: int) -> OmniglotJob:
        return OmniglotJob(upgrade, method, weight, seed, at, (), drawings.about, str(drawings.root))

    sweep_jobs(path, job, measure_fold, methods, seeds=seeds, workers=workers, progress=progress)
    return path
