"""Shared runs: trained once, before the notebooks that load them are executed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import torch

from rbcl_lite.base.children import end_with_parent
from rbcl_lite.experiments.settings import compatible, independent
from rbcl_lite.experiments.tables.runs import load_result
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run_or_load import run_or_load

SHARED: dict[str, tuple[str, str]] = {
    "independent": ("stronger-and-more", "independent"),
    "bct": ("stronger-and-more", "bct"),
    "l2": ("stronger-and-more", "l2"),
    "contrastive": ("stronger-and-more", "contrastive"),
    "mixbct": ("stronger-and-more", "mixbct"),
    "smooth-ap": ("stronger-and-more", "smooth-ap"),
    "rbcl-no-agents": ("stronger-and-more", "rbcl-no-agents"),
    "rbcl": ("stronger-and-more", "rbcl"),
    "station": ("cross-domain-pseudo-labels", "independent"),
    "station-contrastive": ("cross-domain-pseudo-labels", "contrastive"),
}
"""Short name in the chapters: setting and method, on seed 0, at the weight that validation people
chose.
"""


def shared_config(name: str, scale_name: str | None = None) -> RunConfig:
    """The configuration of a shared run; ``"old"`` is the run that made the gallery of
    ``stronger-and-more``.

    Raises:
        ValueError: an unknown name.

    >>> shared_config("old", "laptop").model.backbone
    'tiny'
    """
    if name == "old":
        old = independent("stronger-and-more", 0, scale_name).old
        assert isinstance(old, RunConfig)
        return old
    if name not in SHARED:
        raise ValueError(f"unknown shared run {name!r}: choose old, {', '.join(SHARED)}")
    setting, method = SHARED[name]
    weight = 0.0 if method == "independent" else load_result(setting)["chosen"][method]
    return compatible(setting, method, weight, scale_name=scale_name)


def shared_runs(workers: int = 2, scale_name: str | None = None) -> Iterator[str]:
    """Train all shared runs in processes; yields one line for each.

    The old one comes first: all need it.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, end_with_parent) as pool:
        yield f"old: {pool.submit(_make, 'old', scale_name).result()}"
        for name, line in zip(SHARED, pool.map(_make, SHARED, [scale_name] * len(SHARED))):
            yield f"{name}: {line}"


def _make(name: str, scale_name: str | None) -> str:
    torch.set_num_threads(1)
    return str(run_or_load(shared_config(name, scale_name), progress=False))
