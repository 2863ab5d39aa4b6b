"""Settings: the five upgrades that every method is tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rbcl_lite.base.scale import scale
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.images import Images
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.training.schedule import TrainConfig

_ACROSS = "tiny on labelled campus, then a larger backbone on labelled campus and unlabelled station"
SETTINGS = {
    "more-identities": "tiny backbone twice; old on a quarter of the campus people, new on all of them",
    "stronger-backbone": "tiny, then a larger backbone; both on half of the campus people",
    "stronger-and-more": "tiny on a quarter of the campus people, then a larger backbone on all of them",
    "cross-domain-supervised": "tiny on labelled campus, then a larger backbone on labelled station",
    "cross-domain-ecn": f"{_ACROSS}, by ECN",
    "cross-domain-pseudo-labels": f"{_ACROSS}, by pseudo labels",
}
"""Name and one line each. The fifth setting, cross-domain and unsupervised, has two learners."""

TABLE = (
    "bct",
    "rbcl-no-agents",
    "smooth-ap",
    "contrastive",
    "l2",
    "unibct",
    "nccl",
    "mixbct",
    "rbcl",
    "supap",
)
"""The methods and variants that the table of every setting holds, beside the independent model and
the rotation.
"""

AGENTS: dict[str, Mapping[str, Any]] = {
    "8-agents": {"agents": 8},
    "centers": {"agents": 2, "centers": True},
    "8-centers": {"agents": 8, "centers": True},
    "8-negatives": {"agents": 8, "negatives_only": True},
    "new-agents": {"agents": 2, "lookup": "new"},
    "8-new-negatives": {"agents": 8, "lookup": "new", "negatives_only": True},
}
"""Readings of the neighbour context agents beside the default (two images, near in the old space)."""

WEIGHTS: dict[str, tuple[float, ...]] = {
    "l2": (0.25, 0.5, 1, 2),
    "bct": (1, 2, 4, 8),
    "contrastive": (0.5, 1, 2, 4),
    "triplet": (0.5, 1, 2, 4),
    "hot-refresh": (0.06, 0.12, 0.25, 0.5),
    "nccl": (0.5, 1, 2, 4),
    "unibct": (1, 2, 4, 8),
    "lce": (1, 2, 4, 8),
    "advbct": (0.5, 1, 2, 4),
    "mixbct": (0.1, 0.2, 0.4, 0.7),
    "smooth-ap": (2, 5, 10, 20),
    "smooth-ap-all-pairs": (2, 5, 10, 20),
    "supap": (0.5, 1, 2, 4),
    "rbcl": (0.5, 1, 2, 4),
    "rbcl-no-agents": (0.5, 1, 2, 4),
    "rbcl-bct": (0.25, 0.5, 1, 2),
    "bct-means": (1, 2, 4, 8),
    "smooth-ap-log": (0.25, 0.5, 1, 2),
    "smooth-ap-resized": (0.5, 1, 2, 4),
    "rbcl-log": (0.1, 0.2, 0.4, 0.8),
    "rbcl-capped": (0.5, 1, 2, 4),
    "rbcl-below": (0.5, 1, 2, 4),
    "rbcl-late": (0.5, 1, 2, 4),
    **{f"rbcl-{name}": (0.5, 1, 2, 4) for name in AGENTS},
}
"""The weights with which each method's sweep begins. The losses have different scales, so one grid
would be unfair.

A list grows by itself where the choice falls on its end
(:func:`~rbcl_lite.experiments.sweep.sweep`).
"""

VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "rbcl-no-agents": ("rbcl", {"agents": 0}),
    "smooth-ap-all-pairs": ("smooth-ap", {"own": True, "same_camera": True}),
    "bct-means": ("bct", {"means": True}),
    "smooth-ap-log": ("smooth-ap", {"log": True}),
    "smooth-ap-resized": ("smooth-ap", {"resized": True}),
    "rbcl-log": ("rbcl", {"agents": 0, "log": True}),
    "rbcl-capped": ("rbcl", {"agents": 0, "cap": 0.3}),
    "rbcl-below": ("rbcl", {"agents": 0, "margin": -0.02}),
    "rbcl-late": ("rbcl", {"agents": 0, "start": 0.5}),
    **{f"rbcl-{name}": ("rbcl", options) for name, options in AGENTS.items()},
}
"""Methods that are swept with other options than their defaults: the method's name, and the
options.

``rbcl-no-agents`` has reactivation as its only difference from ``smooth-ap``.
``smooth-ap-all-pairs`` ranks the query's own old vector and same-camera positives too, which the
evaluation leaves out. ``rbcl-capped`` reactivates only gaps below 0.3, ``rbcl-below`` moves
suppressed negatives two temperatures below the positive instead of beside it, ``rbcl-late`` begins
in the middle of the training; with ``rbcl-log``, ``smooth-ap-log`` and ``bct-means`` they are
variants of ours. ``smooth-ap-resized`` is their control: plain gradients as long as reactivated
ones.
"""


def independent(setting: str, seed: int = 0, scale_name: str | None = None) -> RunConfig:
    """The independent new run of a setting; its ``old`` is the run that made the gallery.

    :func:`compatible` gives the others.

    Args:
        setting: a name in :data:`SETTINGS`.
        seed: of people and weights.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.

    Raises:
        ValueError: an unknown setting.

    >>> config = independent("stronger-and-more", scale_name="laptop")
    >>> config.old.share, config.old.model.backbone, config.model.backbone
    (0.25, 'tiny', 'small')
    """
    if setting not in SETTINGS:
        raise ValueError(f"unknown setting {setting!r}: choose one of {', '.join(SETTINGS)}")
    at = scale(scale_name)
    campus, station = Images("campus"), Images("station")
    common = RunConfig(
        size=at.size,
        batch=at.batch,
        augment=Augment(erase=at.erase),
        learner_options={"label_smoothing": at.label_smoothing},
        scale=at.name,
    )
    old = replace(
        common,
        size=at.old_size,
        images=campus,
        share={"stronger-backbone": 0.5, "more-identities": 0.25, "stronger-and-more": 0.25}.get(setting, 1.0),
        model=EmbedderConfig(at.old_backbone, at.dim),
        train=TrainConfig(at.old_epochs, at.lr, seed=seed),
    )
    new = replace(
        common,
        old=old,
        images=station if setting.startswith("cross-domain") else campus,
        share=0.5 if setting == "stronger-backbone" else 1.0,
        model=EmbedderConfig(at.old_backbone if setting == "more-identities" else at.new_backbone, at.dim),
        train=TrainConfig(at.epochs, at.lr, seed=seed),
    )
    people = max(2, min(at.batch[0], round(old.share * at.people)))  # the old model may have seen fewer than P
    new = replace(new, old=replace(old, batch=(people, at.batch[1])))
    learner = {"cross-domain-ecn": "ecn", "cross-domain-pseudo-labels": "pseudo-labels"}.get(setting)
    return new if learner is None else replace(new, learner=learner, labelled=campus)


def compatible(setting: str, name: str, weight: float, seed: int = 0, scale_name: str | None = None) -> RunConfig:
    """The new run of a setting with a method, or a variant of one, at a weight.

    Args:
        setting: a name in :data:`SETTINGS`.
        name: of a method, or a key of :data:`VARIANTS`.
        weight: lambda.
        seed: of people and weights.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.

    Raises:
        ValueError: an unknown setting or method.

    >>> compatible("more-identities", "rbcl-no-agents", 3.0, scale_name="laptop").method_options
    {'agents': 0}
    """
    method, options = VARIANTS.get(name, (name, {}))
    return replace(independent(setting, seed, scale_name), method=method, weight=weight, method_options=options)
