"""``rbcl-lite train``: an old model, or a new one that is kept compatible."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.base.scale import scale
from rbcl_lite.commands.output import say
from rbcl_lite.data.images import Images
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.training.schedule import TrainConfig


def _options(flag: str, text: str) -> dict[str, Any]:
    """The keyword arguments that a JSON object on the command line holds."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{flag} is not JSON ({error}): {text}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{flag} must be a JSON object such as '{{\"temperature\": 0.1}}', got {text}")
    return values


@dataclass
class Train:
    """Train an old model, or with --old a new one that is kept compatible with it."""

    data: str = "campus"
    """A domain (campus, station, street), or a folder of crops; by default in Market-1501's layout."""
    table: str | None = None
    """CSV with the columns path, id and, where known, camera."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
    share: float = 1.0
    """Share of the training people that is used, 0 to 1."""
    old: Path | None = None
    """Folder of the old run."""
    method: str = "independent"
    """How the new model is kept compatible: independent, l2, bct, contrastive, ... (see rbcl-lite methods)."""
    weight: float = 1.0
    """Lambda, the weight of the method; for mixbct the share of mixed rows."""
    learner: str = "supervised"
    """Where the new model's supervision comes from."""
    labelled: str | None = None
    """Domain or folder of labelled images, for learners that need one beside unlabelled --data."""
    backbone: str | None = None
    """tiny, small, resnet18 or resnet50; by default the scale's old or new one."""
    dim: int | None = None
    """Embedding dimension; by default the scale's."""
    pretrained: bool = False
    """Start from torchvision's ImageNet weights (ResNets)."""
    height: int | None = None
    """Height of the input in pixels, the width is half of it; by default the scale's."""
    epochs: int | None = None
    """Passes over the training images; by default the scale's."""
    lr: float = TrainConfig.lr
    """Highest learning rate."""
    schedule: str = TrainConfig.schedule
    """onecycle or multistep."""
    precision: str = TrainConfig.precision
    """auto, float32, bf16 or fp16."""
    batch_people: int | None = None
    """P: people in a batch; by default the scale's."""
    batch_images: int | None = None
    """K: images of each person in a batch; by default the scale's."""
    seed: int = 0
    """Of weights, batches and augmentation, and of the people of a domain."""
    scale: str | None = None
    """smoke, laptop, gpu or large; by default $RBCL_SCALE, or gpu where CUDA is available, else laptop."""
    runs: Path | None = None
    """Folder where runs are kept; by default runs/ in $RBCL_CACHE or ~/.cache/rbcl_lite."""
    options: str = "{}"
    """Further options of the method, as JSON."""
    learner_options: str = "{}"
    """Further options of the learner, as JSON."""

    def config(self) -> RunConfig:
        """The run that these options describe."""

        at = scale(self.scale)
        old = load_run(self.old).config if self.old else None
        size = (self.height, self.height // 2) if self.height else at.size
        return RunConfig(
            images=Images(self.data, self.table, self.pattern),
            share=self.share,
            model=EmbedderConfig(
                self.backbone or (at.new_backbone if old else at.old_backbone),
                self.dim or at.dim,
                pretrained=self.pretrained,
            ),
            size=size,
            batch=(self.batch_people or at.batch[0], self.batch_images or at.batch[1]),
            learner=self.learner,
            learner_options=_options("--learner-options", self.learner_options),
            labelled=Images(self.labelled) if self.labelled else None,
            method=self.method,
            weight=self.weight,
            method_options=_options("--options", self.options),
            old=old,
            people_seed=old.seed if old else self.seed,  # never train on people the old model was judged on
            train=TrainConfig(
                epochs=self.epochs or (at.epochs if old else at.old_epochs),
                lr=self.lr,
                schedule=self.schedule,
                precision=self.precision,
                seed=self.seed,
            ),
            scale=at.name,
        )

    def run(self) -> None:
        """Train, or find what was trained before."""

        run = run_or_load(self.config(), folder=self.runs)
        say(run)
        say(run.folder)
