"""``rbcl-lite train``: an old model, or a new one that is kept compatible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rbcl_lite.base.processes import Processes
from rbcl_lite.base.scale import scale
from rbcl_lite.commands.checks import check_config, check_types, read_options
from rbcl_lite.commands.output import say
from rbcl_lite.commands.recipes import load_recipe
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.images import Images
from rbcl_lite.experiments.settings import VARIANTS
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.models.exported import Pixels
from rbcl_lite.models.weights import WeightsFile
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.open_given import find_given
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.training.schedule import TrainConfig

Value = TypeVar("Value")


def given(value: Value | None, default: Value) -> Value:
    """The value if it was given; 0 is a value."""
    return default if value is None else value


def people_seed(old: GivenOld, seed: int) -> int:
    """The seed of the old model's people where it is known, else the given one."""
    return load_run(old.path).config.seed if old.is_run else given(old.people_seed, seed)


@dataclass
class Train:
    """Train an old model, or with --old a new one that is kept compatible with it."""

    data: str = "campus"
    """A domain (campus, station, street), or a folder of crops, whose layout is recognised if it is a
    known one.
    """
    table: str | None = None
    """CSV with the columns path, id and, where known, camera."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
    recipe: str | None = None
    """Options from a file, or from a recipe of the package (see rbcl-lite methods): those of its old
    model, or with --old those of its new one. What is typed beside it counts.
    """
    layout: str | None = None
    """market1501, msmt17-v1, msmt17-v2, cuhk03-detected, cuhk03-labeled or veri776."""
    share: float = 1.0
    """Share of the training people that is used, 0 to 1."""
    old: Path | None = None
    """The old model, used as it is: folder of a finished run, exported model (.onnx, .pt2, TorchScript), or
    file of its stored vectors (.safetensors, .npy beside .csv).
    """
    old_size: tuple[int, int] | None = None
    """Height and width in pixels of what an exported old model reads, where its file does not say."""
    old_pixels: Pixels | None = None
    """What numbers an exported old model reads, where its file does not say."""
    method: str = "independent"
    """How the new model is kept compatible: independent, l2, bct, contrastive, ... (see rbcl-lite
    methods).
    """
    weight: float = 1.0
    """Lambda, the weight of the method; for mixbct the share of mixed rows."""
    learner: str = "supervised"
    """Where the new model's supervision comes from."""
    labelled: str | None = None
    """Domain or folder of labelled images, for learners that need one beside unlabelled --data."""
    backbone: str | None = None
    """tiny, small, a classification network of torchvision (resnet50, efficientnet_b0) or one of
    timm (timm:convnext_tiny, timm:vit_small_patch16_224); by default the scale's old or new one.
    """
    dim: int | None = None
    """Embedding dimension; by default the scale's."""
    pretrained: bool = False
    """Start from the weights that torchvision or timm has, downloading them once."""
    weights: Path | None = None
    """File whose weights the backbone starts from: safetensors, or a torch state dict."""
    height: int | None = None
    """Height of the input in pixels, the width is half of it; by default the scale's."""
    epochs: int | None = None
    """Passes over the training images; by default the scale's."""
    lr: float | None = None
    """Highest learning rate; by default the scale's."""
    erase: float | None = None
    """Probability of random erasing; by default the scale's."""
    schedule: str = TrainConfig.schedule
    """onecycle or multistep."""
    precision: str = TrainConfig.precision
    """auto, float32, bf16 or fp16."""
    batch_people: int | None = None
    """P: people in a batch; by default the scale's."""
    batch_images: int | None = None
    """K: images of each person in a batch; by default the scale's."""
    chunk: int | None = None
    """Images that pass the network at once, where a batch does not fit into the memory; the loss is
    still that of the whole batch.
    """
    seed: int = 0
    """Of weights, batches and augmentation, and of the people of a domain."""
    scale: str | None = None
    """smoke, laptop, crowd, gpu or large; by default $RBCL_SCALE, or gpu where CUDA is available, else
    laptop.
    """
    runs: Path | None = None
    """Folder where runs are kept; by default runs/ in $RBCL_CACHE or ~/.cache/rbcl_lite."""
    options: str = "{}"
    """Further options of the method, as JSON."""
    learner_options: str = "{}"
    """Further options of the learner, as JSON."""

    @classmethod
    def following(cls, recipe: str, with_old: bool) -> Train:
        """The command with the options of a recipe; images that neither it nor the user names are no
        others by default.
        """
        return cls(**{"data": "", **load_recipe(recipe).options(with_old, cls)}, recipe=recipe)

    def config(self) -> RunConfig:
        """The run that these options describe."""
        at = scale(self.scale)
        if self.old is None and (self.old_size or self.old_pixels):
            raise ValueError("--old-size and --old-pixels say what an exported old model reads: name it by --old")
        old = None if self.old is None else find_given(self.old, self.old_size, self.old_pixels)
        height = given(self.height, (at.size if old else at.old_size)[0])
        method, preset = VARIANTS.get(self.method, (self.method, {}))
        method_options = {**preset, **read_options("--options", self.options)}
        other = [name for name, value in preset.items() if method_options[name] != value]
        if other:
            raise ValueError(
                f"--method {self.method} is {method} with {other[0]}={preset[other[0]]}, and --options says "
                f"{method_options[other[0]]}: choose one, or name --method {method}"
            )
        learner_options = read_options("--learner-options", self.learner_options)
        for flag, part, options in (
            ("--options", METHODS.get(method), method_options),
            ("--learner-options", LEARNERS.get(self.learner), learner_options),
        ):
            if part is not None:  # an unknown name is said below
                check_types(flag, part, options)
        if self.learner == "supervised":
            learner_options = {"label_smoothing": at.label_smoothing, **learner_options}
        return RunConfig(
            images=Images(self.data, self.table, self.pattern, self.layout),
            share=self.share,
            model=EmbedderConfig(
                given(self.backbone, at.new_backbone if old else at.old_backbone),
                given(self.dim, at.dim),
                pretrained=self.pretrained,
                weights=None if self.weights is None else WeightsFile.at(self.weights),
            ),
            size=(height, height // 2),
            batch=(given(self.batch_people, at.batch[0]), given(self.batch_images, at.batch[1])),
            augment=Augment(erase=given(self.erase, at.erase)),
            learner=self.learner,
            learner_options=learner_options,
            labelled=None if self.labelled is None else Images(self.labelled),
            method=method,
            weight=self.weight,
            method_options=method_options,
            old=old,
            # never train on people that the old model was judged on
            people_seed=self.seed if old is None else people_seed(old, self.seed),
            train=TrainConfig(
                epochs=given(self.epochs, at.epochs if old else at.old_epochs),
                lr=given(self.lr, at.lr),
                schedule=self.schedule,
                precision=self.precision,
                seed=self.seed,
                chunk=self.chunk,
            ),
            scale=at.name,
        )

    def run(self) -> None:
        """Train, or find what was trained before; in several processes under ``accelerate launch``."""
        config = self.config()  # first: an unknown method needs another hint than a missing old model
        if self.old is None and METHODS[config.method].needs_old:
            raise ValueError(f"--method {self.method} keeps a model compatible with an old one: name it by --old")
        check_config(config)
        processes = Processes.here()
        if (
            processes.main
            and isinstance(config.old, GivenOld)
            and not (config.old.is_run and load_run(config.old.path).trained_on)
        ):
            say("whom the old model was trained on is not recorded: make sure that no test person was among them")
        run = run_or_load(config, folder=self.runs, processes=processes)
        if processes.main:
            say(run)
            say(run.folder)
        processes.close()
