"""The protocol of methods: how the new model is kept compatible with the old vectors."""

from __future__ import annotations

from torch import Tensor, nn

from rbcl_lite.learners.base import Batch, Epoch, Learner, Upgrade


class Method(nn.Module):
    """Base of all methods: one term beside the learner's loss, or a replacement of that loss.

    Class attributes say what a method asks for:

    - ``needs_old``: an old model (all but the independent one).
    - ``fixed_labels``: labels that mean the same person in every epoch.
    - ``replaces_identity``: the learner's own loss is left out; ``weight`` is then the method's own measure
      of strength and the loop does not multiply by it.

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
            raise ValueError(f"{name} keeps a model compatible with an old one, and no old model was given (--old RUN)")
        if self.fixed_labels and not learner.fixed_labels:
            raise ValueError(
                f"{name} keeps something for each class during the whole training, but the labels of "
                f"{type(learner).__name__} change in every epoch; use a method without such a memory, for example "
                "l2, contrastive, hot-refresh or rbcl"
            )
        self.upgrade = upgrade

    def on_epoch(self, epoch: Epoch) -> None:
        """Called at the start of each epoch, after the learner's."""

    def step(self, batch: Batch) -> Tensor:
        """The compatibility term of a batch, a scalar without its weight."""
        raise NotImplementedError

    def after_step(self, batch: Batch) -> None:
        """Called after the optimiser's step: queues are filled here."""

    def observe(self) -> dict[str, float]:
        """Measurements of the last step for the history, beside the loss."""
        return {}
