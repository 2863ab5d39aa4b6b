"""BCT: the new vectors must also be classified by the old model's classifier."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.losses.influence import class_prototypes, extend_prototypes, influence_loss
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade


class BCT(Method):
    """Influence loss of Shen et al. 2020 with synthesised prototypes for people the old classifier
    never saw.

    Known people keep the row of the old classifier; a new person's row is the normalised mean of
    its old vectors (the authors' "pseudo classifier", concatenated to the old one). Where labels
    change, every row is such a mean and is made anew in each epoch.

    Args:
        weight: lambda.
        logit_scale: factor of the cosine in the softmax; by default the one of the old classifier,
            and that of :class:`~rbcl_lite.models.embedder.EmbedderConfig` where there is no old
            classifier.
        means: give known people such a mean too, and leave the rows of the old classifier alone
            (ours).
    """

    prototypes: Tensor  # [C, D_old]

    def __init__(self, weight: float = 1.0, logit_scale: float | None = None, means: bool = False) -> None:
        super().__init__(weight)
        self.means = means
        self._given = logit_scale
        self.logit_scale = EmbedderConfig.logit_scale if logit_scale is None else logit_scale
        self.register_buffer("prototypes", torch.empty(0, 0), persistent=False)

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Remember whether labels hold for the whole training, and forget the rows of an earlier
        one.
        """
        super().prepare(upgrade, learner)
        self.prototypes = torch.empty_like(self.prototypes[:0])
        self._fixed = learner.fixed_labels
        known = [s for s in (self._given, upgrade.old_logit_scale, EmbedderConfig.logit_scale) if s is not None]
        self.logit_scale = known[0]

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Make the prototypes of the labels that hold now; fixed labels need it once."""
        if self._fixed and len(self.prototypes):
            return
        old, train = self.upgrade.old, self.upgrade.train
        assert old is not None
        labelled = labels >= 0
        count = int(labels.max()) + 1
        rows = class_prototypes(old.vectors[labelled], labels[labelled], count)
        learned = self._fixed and not self.means
        if learned and self.upgrade.old_classifier is not None and self.upgrade.old_classes is not None:
            place = {int(c): i for i, c in enumerate(self.upgrade.old_classes) if c >= 0}
            known = torch.tensor([place.get(int(c), -1) for c in np.unique(train.ids)])
            if len(known) == count:  # the labels are this data set's people
                rows = extend_prototypes(self.upgrade.old_classifier.to(rows), known, rows)
        self.prototypes = rows.to(self.prototypes.device)

    def step(self, batch: Batch) -> Tensor:
        """The influence loss of the batch."""
        return influence_loss(batch.pair[0], self.prototypes, batch.labels, logit_scale=self.logit_scale)
