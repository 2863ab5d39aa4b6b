"""Protocol of a training: what is known, what a batch is, and the two axes, learners and methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from rbcl_lite.data.augment import Augment
from rbcl_lite.data.training_set import TrainingSet
from rbcl_lite.features import Features, fit_dimension
from rbcl_lite.models.forward import Forward
from rbcl_lite.models.outputs import Outputs

Model: TypeAlias = nn.Module
"""Any module whose forward pass takes a batch of inputs and gives
:class:`~rbcl_lite.models.outputs.Outputs`.

Methods that train the classifier look for its rows in the attribute ``classifier``, an
``nn.Linear`` without bias.
"""

Augmentation: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
"""From inputs [B, ...] and a CPU generator, which decides everything that is drawn, to what the
model reads.

Where a GPU computes, this is called in a thread of its own, while the step before runs.
"""


@dataclass(frozen=True)
class Upgrade:
    """What is known before the new model is trained.

    Args:
        train: training images (or stored vectors) of the new model.
        model: the new model.
        old: the old model's vectors of the training images, row i for image i; None without an old
            model.
        old_classifier: [C_old, D_old] rows of the old cosine classifier, or None.
        old_classes: [C_old] identity of each of these rows, in the numbering of ``train.ids``; -1
            for people who are not in this data set.
        old_logit_scale: factor of the old classifier's cosine, or None without a classifier.
        labelled: labelled images of another domain, for learners that need them.
        batch: (people, images of each) in a batch.
        seed: of everything random.
        augment: training augmentation; :func:`~rbcl_lite.data.augment.unchanged` for stored
            vectors.
        forward: how a batch passes the model; :func:`~rbcl_lite.training.loop.train` sets it.

    Raises:
        ValueError: old vectors that are not one for each training image.
    """

    train: TrainingSet
    model: Model
    old: Features | None = None
    old_classifier: Tensor | None = None
    old_classes: np.ndarray | None = None
    old_logit_scale: float | None = None
    labelled: TrainingSet | None = None
    batch: tuple[int, int] = (16, 4)
    seed: int = 0
    augment: Augmentation = Augment()
    forward: Forward = Forward()

    def __post_init__(self) -> None:
        if self.old is not None and not np.array_equal(self.old.ids.cpu().numpy(), self.train.ids):
            raise ValueError(
                f"the {len(self.old)} old vectors are not those of the {len(self.train)} training images row by row; "
                "bring them into order with Features.align"
            )


@dataclass(frozen=True)
class Epoch:
    """One pass over the training set.

    Args:
        number: 0, 1, ...
        total: epochs of the whole training.
    """

    number: int
    total: int

    @property
    def progress(self) -> float:
        """Share of the training that is done at its start, 0..1."""
        return self.number / self.total


@dataclass(frozen=True)
class Batch:
    """One batch after the forward pass. B rows, row i of everything is one image.

    Args:
        index: [B] position in the training set.
        labels: [B] current label.
        cams: [B] camera, or None where cameras are unknown.
        outputs: what the new model gave.
        old: [B, D_old] the old model's unit vectors of the same images, or None without an old
            model.
        step: number of the batch in the training, 0, 1, ...
        progress: share of the training that is done, 0..1.
        generator: a CPU generator that depends on (seed, step) alone.
    """

    index: Tensor
    labels: Tensor
    cams: Tensor | None
    outputs: Outputs
    old: Tensor | None
    step: int
    progress: float
    generator: torch.Generator

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """New and old vectors of the batch, both [B, D_old]; new ones by :func:`fit_dimension`
        where widths differ.
        """
        if self.old is None:
            raise ValueError("this batch has no old vectors: no old model was given")
        return fit_dimension(self.outputs.embedding, self.old.shape[1]), self.old


class Learner(nn.Module):
    """Base of all learners: labels, batches, and the loss of the new model's own task.

    ``fixed_labels`` says whether a label means the same person in every epoch; methods that keep
    something per class for the whole training need that. ``needs_labelled`` says whether it cannot
    do without labelled images of another domain.
    """

    fixed_labels = True
    needs_labelled = False

    @classmethod
    def classes(cls, train: TrainingSet, labelled: TrainingSet | None) -> np.ndarray:
        """[C] identities of the classifier's rows that this learner needs; empty for a model
        without a classifier.
        """
        return train.classes

    def prepare(self, upgrade: Upgrade) -> None:
        """Called once, before the first epoch and before a state is restored."""
        self.upgrade = upgrade

    def on_epoch(self, epoch: Epoch) -> Tensor:
        """Called at the start of each epoch; returns the labels [N] that hold during it: 0..C-1, -1
        for none.
        """
        raise NotImplementedError

    def steps(self) -> int:
        """Batches in an epoch."""
        raise NotImplementedError

    def batches(self, number: int) -> Iterator[np.ndarray]:
        """The batches of an epoch as positions in the training set."""
        raise NotImplementedError

    def inputs(self, index: np.ndarray, generator: torch.Generator) -> Tensor:
        """The inputs at these positions before augmentation: images [B, 3, H, W] uint8, or stored
        vectors.

        Where a GPU computes, this is called in a thread of its own, while the step before runs: it
        reads images, and nothing that a step changes.
        """
        return self.upgrade.train.inputs(index)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the loss, each a scalar with its weight in it."""
        raise NotImplementedError

    def after_step(self, batch: Batch) -> None:
        """Called after the optimiser's step: memories are written here."""

    def observe(self) -> dict[str, Tensor | float]:
        """Measurements of the last step for the history, beside the loss; empty where nothing was
        measured.
        """
        return {}


class Method(nn.Module):
    """Base of all methods: one term beside the learner's loss, or a replacement of that loss.

    Class attributes say what a method asks for:

    - ``needs_old``: an old model (all but the independent one).
    - ``fixed_labels``: labels that mean the same person in every epoch.
    - ``replaces_identity``: the learner's own loss is left out; ``weight`` is then the method's own
      measure of strength and the loop does not multiply by it.

    Args:
        weight: lambda, the weight of the compatibility term.

    Raises:
        ValueError: a negative weight.
    """

    needs_old = True
    fixed_labels = False
    replaces_identity = False

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        if weight < 0:
            raise ValueError(f"the weight of a method must not be negative, got {weight}")
        self.weight = weight

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Called once, before the first epoch and before a state is restored.

        Raises:
            ValueError: the upgrade or the learner lacks what the method needs.
        """
        name = type(self).__name__
        if self.needs_old and upgrade.old is None:
            raise ValueError(f"{name} keeps a model compatible with an old one, and no old model was given (--old)")
        if self.fixed_labels and not learner.fixed_labels:
            raise ValueError(
                f"{name} keeps something for each class during the whole training, but the labels of "
                f"{type(learner).__name__} change in every epoch; use a method without such a memory, for example "
                "l2, contrastive, hot-refresh or rbcl"
            )
        self.upgrade = upgrade

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Called at the start of each epoch with the learner's labels [N]."""

    def step(self, batch: Batch) -> Tensor:
        """The compatibility term of a batch, a scalar without its weight."""
        raise NotImplementedError

    def after_step(self, batch: Batch) -> None:
        """Called after the optimiser's step: queues are filled here."""

    def observe(self) -> dict[str, Tensor | float]:
        """Measurements of the last step for the history, beside the loss; empty where nothing was
        measured.
        """
        return {}
