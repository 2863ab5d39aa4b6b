"""Configuration of a run: everything that a trained model depends on."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import scale
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.dataset import Splits
from rbcl_lite.data.images import Images
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.protocol import Learner, Method
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.older import current
from rbcl_lite.training.schedule import TrainConfig


@dataclass(frozen=True)
class RunConfig:
    """Everything a trained model depends on, its code apart.

    Args:
        images: training and test images.
        share: share of the training people, taken in ascending order of identity (0..1].
        people_seed: which people; by default ``train.seed``.
        model: the new model; ``num_classes`` and ``size`` are filled in.
        size: (height, width) of the input in pixels.
        batch: (people, images of each) in a batch.
        augment: training augmentation.
        learner: name in :data:`rbcl_lite.learners.LEARNERS`.
        learner_options: keyword arguments of the learner.
        labelled: labelled images of another domain, for the learner ``ecn``.
        method: name in :data:`rbcl_lite.methods.METHODS`.
        weight: lambda, the weight of the method (for MixBCT its ratio).
        method_options: further keyword arguments of the method.
        old: what made the gallery: a run that is trained where it does not exist yet, an old model
            that lies on disk and is used as it is, or None.
        train: optimisation.
        scale: name of the scale, which decides how much of the world is rendered.
        watch: measure new/old and new/new on validation people after each epoch, into the history.

    Raises:
        ValueError: an unknown method or learner, an option that it does not take, a learner without
            the labelled images that it needs, or a value out of range.
    """

    images: Images = Images()
    share: float = 1.0
    people_seed: int | None = None
    model: EmbedderConfig = EmbedderConfig()
    size: tuple[int, int] = (64, 32)
    batch: tuple[int, int] = (16, 4)
    augment: Augment = Augment()
    learner: str = "supervised"
    learner_options: Mapping[str, Any] = field(default_factory=dict)
    labelled: Images | None = None
    method: str = "independent"
    weight: float = 1.0
    method_options: Mapping[str, Any] = field(default_factory=dict)
    old: RunConfig | GivenOld | None = None
    train: TrainConfig = TrainConfig()
    scale: str = "laptop"
    watch: bool = False

    def __post_init__(self) -> None:
        for what, name, table in (("method", self.method, METHODS), ("learner", self.learner, LEARNERS)):
            if name not in table:
                raise ValueError(f"unknown {what} {name!r}: choose one of {', '.join(table)}")
        if "weight" in self.method_options:
            raise ValueError("weight is no option of a method but a field of its own: RunConfig(weight=…), --weight")
        _make(METHODS[self.method], {"weight": self.weight, **self.method_options})
        learner = _make(LEARNERS[self.learner], self.learner_options)
        if learner.needs_labelled and self.labelled is None:
            raise ValueError(f"the learner {self.learner} needs labelled images of another domain: --labelled DOMAIN")
        if not 0 < self.share <= 1:
            raise ValueError(f"share is the share of the training people, above 0 and at most 1, got {self.share}")
        if min(self.size) < 8:
            raise ValueError(f"size is (height, width) in pixels, each at least 8, got {self.size}")
        if min(self.batch) < 2:
            raise ValueError(
                f"a batch needs at least 2 people with 2 images each, got {self.batch[0]} x {self.batch[1]}"
            )

    @property
    def seed(self) -> int:
        """The seed that chooses the people."""
        return self.train.seed if self.people_seed is None else self.people_seed

    @property
    def uses_old(self) -> bool:
        """Whether the old model changes this run: by the method, or by a learner that starts from
        old vectors.
        """
        return self.old is not None and (self.method != "independent" or self.learner != "supervised")

    def code(self) -> str:
        """Fingerprint of the code that this run stands on."""
        return code_of(self.method, self.learner)

    def key(self) -> str:
        """Content address: a hash of the configuration, of the old model, of code and images."""
        about = asdict(replace(self, old=None, weight=0.0 if self.method == "independent" else self.weight))
        about["model"]["weights"] = self.model.weights.sha256 if self.model.weights else None  # wherever they lie
        about["old"] = self.old.key() if self.old and self.uses_old else None
        about["code"] = self.code()
        about["images"] = self.images.identity()
        about["labelled"] = self.labelled.identity() if self.labelled else None
        digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:16]
        return f"{self.method}-{digest}"

    def splits(self, progress: bool | None = None) -> Splits:
        """Training, validation and test images of this run."""
        return self.images.load(scale(self.scale), size=self.size, seed=self.seed, progress=progress)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> RunConfig:
        """The configuration that ``run.json`` holds, of this version or an older one."""
        v = current(values)
        old = v["old"]
        return RunConfig(
            **{
                **v,
                "images": Images(**v["images"]),
                "labelled": Images(**v["labelled"]) if v["labelled"] else None,
                "model": EmbedderConfig(**v["model"]),
                "augment": Augment(**v["augment"]),
                "train": TrainConfig(**v["train"]),
                "old": None if not old else GivenOld(**old) if "sha256" in old else RunConfig.from_dict(old),
                "size": tuple(v["size"]),
                "batch": tuple(v["batch"]),
            }
        )


def code_of(method: str, learner: str = "supervised") -> str:
    """Fingerprint of the code that a run of this method and learner stands on."""
    parts = (_module(METHODS[method]), _module(LEARNERS[learner]))
    return fingerprint("training.loop", "runs.start", "models.extract", *parts)


def _module(part: Callable) -> str:
    return part.__module__.removeprefix("rbcl_lite.")


Part = TypeVar("Part", Method, Learner)


def _make(part: type[Part], options: Mapping[str, Any]) -> Part:
    """A method or learner with these options; what it does not take is an error now, not after the
    images were made.
    """
    takes = set(inspect.signature(part).parameters)
    strange = sorted(set(options) - takes)
    if strange:
        known = ", ".join(sorted(takes - {"weight"})) or "none"
        raise ValueError(f"{part.__name__} has no option {strange[0]!r}; its options: {known}")
    try:
        return part(**options)
    except TypeError as error:
        raise ValueError(f"an option of {part.__name__} has the wrong type ({error}): {dict(options)}") from error
