"""Job on Omniglot: one run on a fold, and its key, which needs no image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.scale import scale
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.images import Images
from rbcl_lite.experiments.jobs import Job, record
from rbcl_lite.experiments.measure import measure, scores
from rbcl_lite.experiments.omniglot.folds import Part, fold, fold_images
from rbcl_lite.experiments.omniglot.images import ImageSet, read_drawings
from rbcl_lite.experiments.rotation import ROTATION, rotated
from rbcl_lite.experiments.settings import VARIANTS
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run_or_load import open_old, run_or_load
from rbcl_lite.training.schedule import TrainConfig

NAME, ACROSS = "omniglot", "omniglot-across"
UPGRADES = {
    NAME: "tiny on a quarter of Omniglot's training characters, then a larger backbone on all of them",
    ACROSS: "tiny on a quarter of the characters of half of Omniglot's alphabets, then a larger backbone on the others",
}
"""Name of each upgrade and of its result file, and one line each."""
SIZE = (32, 32)
"""(height, width) in pixels."""
EPOCHS = {"smoke": (1, 1)}
TRAINED = (20, 30)
"""Passes of the old and of the new model at every scale that trains; with twice as many new/new and new/old
change little.
"""


def config_of(
    method: str, weight: float, seed: int, scale_name: str, characters: int, old: Images, new: Images
) -> RunConfig:
    """The new run of an upgrade with a method; its ``old`` is the run that made the gallery.

    Letters do not mirror, so nothing is flipped.

    Args:
        method: name of a method, a variant or the rotation.
        weight: lambda.
        seed: of fold and weights.
        scale_name: see :func:`rbcl_lite.base.scale.scale`.
        characters: of the whole set; a batch of few has fewer of them than the scale asks for.
        old: images of the old model.
        new: images of the new one.
    """
    at = scale(scale_name)
    name, options = VARIANTS.get(method, ("independent" if method == ROTATION else method, {}))
    old_epochs, epochs = EPOCHS.get(at.name, TRAINED)
    before = RunConfig(
        images=old,
        model=EmbedderConfig(at.old_backbone, at.dim),
        size=SIZE,
        batch=(max(2, min(at.batch[0], characters // 8)), at.batch[1]),
        augment=Augment(flip=0.0, erase=0.0),
        learner_options={"label_smoothing": at.label_smoothing},
        train=TrainConfig(old_epochs, at.lr, seed=seed),
        scale=at.name,
    )
    return replace(
        before,
        images=new,
        model=EmbedderConfig(at.new_backbone, at.dim),
        train=replace(before.train, epochs=epochs),
        old=before,
        method=name,
        weight=weight,
        method_options=options,
    )


@dataclass(frozen=True)
class OmniglotJob(Job):
    """One run on a fold; its key is that of a set of images, which need not be there.

    Args:
        images: which set.
        data: the folder where it lies; empty for a job that is only compared.
    """

    images: ImageSet = ImageSet("", 0, 0)
    data: str = ""

    def config(self) -> RunConfig:
        """The run that the job asks for; tables of its fold are written where they are missing.

        Raises:
            ValueError: the folder holds other images than the job names.
        """
        return self._config("test")

    def choosing(self) -> RunConfig:
        """The same run with the validation characters asked instead of the test characters."""
        return self._config("validation")

    def _config(self, part: Part) -> RunConfig:
        drawings = read_drawings(self.data)
        check_same(drawings.about, self.images, f"{self.setting}.json")
        parts = fold(sorted(set(drawings.characters)), self.seed, self.setting == ACROSS)
        old, new = fold_images(drawings, parts, "old", part), fold_images(drawings, parts, "new", part)
        return self._with(old, new)

    def _with(self, old: Images, new: Images) -> RunConfig:
        return config_of(self.method, self.weight, self.seed, self.scale, self.images.characters, old, new)

    def key(self) -> str:
        """Content address of the record: of the configuration, the code, the fold and the set, without
        a look at an image.
        """
        config = self._with(Images(), Images())
        assert isinstance(config.old, RunConfig)
        about = {
            "run": _trained(config),
            "old": _trained(config.old),
            "upgrade": self.setting,
            "images": self.images.digest,
            "code": fingerprint("experiments.omniglot.folds"),
        }
        digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:16]
        return f"{self.method}-{digest}"

    def shared(self) -> dict[str, Any]:
        """Which images all records of the file were measured on."""
        return {"images": asdict(self.images)}

    def found(self, data: str | Path | None) -> OmniglotJob | None:
        """The job with its images at a place, None where none is given.

        Raises:
            FileNotFoundError: no such folder.
            ValueError: it holds other images.
        """
        if data is None:
            return None
        check_same(read_drawings(data).about, self.images, f"{self.setting}.json")
        return replace(self, data=str(data))

    @classmethod
    def stored(cls, result: Mapping[str, Any], record: Mapping[str, Any]) -> OmniglotJob:
        """The job that a record answers."""
        names = (record["method"], record["weight"], record["seed"])
        return cls(result["setting"], *names, result["scale"], images=ImageSet(**result["images"]))


def _trained(config: RunConfig) -> dict[str, Any]:
    """Everything that a run depends on, its images and its old run apart."""
    about = asdict(replace(config, old=None))
    del about["images"]
    return {**about, "code": config.code()}


def check_same(here: ImageSet, measured: ImageSet, where: str) -> None:
    """Make sure that images are those of a result.

    Raises:
        ValueError: they are others.
    """
    if here != measured:
        raise ValueError(
            f"{where} was measured on {measured}, and the folder holds {here}; give the same images, or begin a file "
            "of its own by another --out"
        )


def measure_fold(job: Job) -> dict[str, Any]:
    """Train (or load) one run and measure it on its fold's validation and test characters."""
    assert isinstance(job, OmniglotJob)
    torch.set_num_threads(1)
    config = job.config()
    assert config.old is not None
    new, old = run_or_load(config, progress=False), open_old(config.old, progress=False)
    asked = {"validation": replace(new, config=job.choosing()), "test": new}
    tests = {part: measure(old, run, "test", progress=False) for part, run in asked.items()}
    if job.method == ROTATION:
        tests = {part: rotated(test, old, new) for part, test in tests.items()}
    return record(job, new, {part: scores(test) for part, test in tests.items()})
