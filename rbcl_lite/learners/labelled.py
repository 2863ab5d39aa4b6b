"""Labelled images of another domain as a second branch of a learner."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.base.tensors import send
from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.losses.identity import cross_entropy_loss
from rbcl_lite.losses.triplet import triplet_loss
from rbcl_lite.models.batch_norm import frozen_statistics
from rbcl_lite.protocol import Batch, Upgrade


class LabelledBranch:
    """Cross-entropy, and triplets if wanted, of labelled images of another domain, in a forward
    pass of its own.

    Each step draws P x K images from the step's generator, so that nothing has to be saved for a
    resume.

    Args:
        upgrade: with ``labelled``, and a model whose classifier has one class for each person of
            it.
        learner: name for the messages.
        triplet: weight of the batch-hard triplet loss; 0 leaves it out.
        margin: of the triplet loss.
        label_smoothing: of the cross-entropy.
        update_statistics: let the labelled images update the running statistics of batch norm. By
            default the target domain alone makes them, because the model is used there.

    Raises:
        ValueError: no labelled images, or a classifier of another size.
    """

    def __init__(
        self,
        upgrade: Upgrade,
        learner: str,
        *,
        triplet: float = 1.0,
        margin: float = 0.3,
        label_smoothing: float = 0.1,
        update_statistics: bool = False,
    ) -> None:
        if upgrade.labelled is None:
            raise ValueError(
                f"{learner} learns from labelled images of another domain too: give Upgrade(labelled=…), or --labelled"
            )
        head, people = getattr(upgrade.model, "classifier", None), upgrade.labelled.num_ids
        if head is None or len(head.weight) != people:
            have = "no classifier" if head is None else f"{len(head.weight)} classes"
            raise ValueError(
                f"the classifier of {learner} is for the {people} people of {upgrade.labelled.name}: build the model "
                f"with num_classes = {people}, it has {have}"
            )
        self.upgrade, self.triplet, self.margin, self.label_smoothing = upgrade, triplet, margin, label_smoothing
        self.update_statistics = update_statistics
        self._labels = torch.from_numpy(upgrade.labelled.labels)
        people, images = upgrade.batch
        self._sampler = IdentitySampler(upgrade.labelled.labels, min(people, upgrade.labelled.num_ids), images)

    def loss(self, batch: Batch) -> Tensor:
        """The labelled loss of a step.

        Args:
            batch: of the target domain; its generator decides which labelled images are drawn.

        Returns:
            Scalar.
        """
        labelled = self.upgrade.labelled
        assert labelled is not None
        turn = int(torch.randint(2**31, (), generator=batch.generator))
        index = next(self._sampler.epoch(turn))
        device = batch.index.device
        with frozen_statistics(self.upgrade.model, self.update_statistics):
            inputs = self.upgrade.augment(send(labelled.inputs(index), device), batch.generator)
            outputs = self.upgrade.forward(self.upgrade.model, inputs)
        assert outputs.logits is not None  # the learner has refused a model without a classifier
        labels = send(self._labels[torch.from_numpy(index)], device)
        loss = cross_entropy_loss(outputs.logits, labels, label_smoothing=self.label_smoothing)
        if self.triplet:
            loss = loss + self.triplet * triplet_loss(outputs.feature, labels, margin=self.margin)
        return loss
