"""AdvBCT: a discriminator cannot tell the models apart; an elastic boundary per old class."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative, check_positive
from rbcl_lite.losses.adversarial import ModelDiscriminator, adversarial_loss, reversal_strength
from rbcl_lite.losses.elastic import ElasticBoundary, class_spheres
from rbcl_lite.protocol import Batch, Learner, Method, Upgrade


class AdvBCT(Method):
    """Adversarial backward-compatible training (Pan et al. 2023): L = L_set + adversarial * (1 - p)
    * L_adv.

    p is the share of the training that is done: the authors' factor (E - e + 1) / E of epoch e out
    of E, made continuous. The reversed gradient grows as 2 / (1 + exp(-10 p)) - 1. Discriminator
    and elasticities are trained with the model, by the same optimiser.

    Args:
        weight: lambda.
        threshold: t, the distance towards which boundaries stretch; 1.0 in the authors'
            configuration.
        adversarial: weight of the adversarial term at the start.
        hidden: width of the discriminator.
    """

    fixed_labels = True

    def __init__(
        self, weight: float = 1.0, threshold: float = 1.0, adversarial: float = 1.0, hidden: int = 100
    ) -> None:
        super().__init__(weight)
        check_not_negative(threshold=threshold, adversarial=adversarial)
        check_positive(hidden=hidden)
        self.threshold, self.adversarial, self.hidden = threshold, adversarial, hidden

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Spheres of the old classes, and a discriminator drawn from the run's seed."""
        super().prepare(upgrade, learner)
        assert upgrade.old is not None
        labels = torch.from_numpy(upgrade.train.labels)
        spheres = class_spheres(upgrade.old.vectors, labels, upgrade.train.num_ids)
        self.boundary = ElasticBoundary(*spheres, threshold=self.threshold)
        with torch.random.fork_rng([]):
            torch.manual_seed(upgrade.seed)
            self.discriminator = ModelDiscriminator(upgrade.old.dim, self.hidden)

    def step(self, batch: Batch) -> Tensor:
        """Both terms of the batch."""
        new, old = batch.pair
        strength = reversal_strength(batch.progress)
        told_apart = adversarial_loss(self.discriminator, new, old, strength=strength)
        return self.boundary(new, batch.labels) + self.adversarial * (1 - batch.progress) * told_apart
