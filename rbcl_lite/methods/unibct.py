"""UniBCT: prototypes of old vectors, refined along the new model's similarities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rbcl_lite.losses.influence import class_prototypes, influence_loss
from rbcl_lite.losses.unibct import refine_prototypes
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade


class UniBCT(Method):
    """Structural prototype refinement (Zhang et al. 2022), then cross-entropy against the refined
    prototypes.

    At the start the prototypes are the plain class means of old vectors. At each share of the
    training in ``refine`` the new model reads all training images, without augmentation, and the
    old vectors of each class are smoothed along its similarities
    (:func:`~rbcl_lite.losses.unibct.refine_prototypes`). A re-implementation refines at epochs 10
    and 20 of 35 and has no compatibility term before; that the plain means serve until then is our
    choice. Refined prototypes are saved with the state, since they come from an earlier model.

    Args:
        weight: lambda.
        logit_scale: factor of the cosine in the softmax.
        refine: shares of the training, 0..1, at which prototypes are refined (at the next start of
            an epoch).
        damping: lambda of the paper, 0 (plain mean) up to, not including, 1.
        temperature: of the similarities between new vectors.

    Raises:
        ValueError: a share outside 0..1.
    """

    fixed_labels = True
    prototypes: Tensor  # [C, D_old]
    refined: Tensor  # [] how many refinements were made

    def __init__(
        self,
        weight: float = 1.0,
        logit_scale: float = 16.0,
        refine: Sequence[float] = (1 / 3, 2 / 3),
        damping: float = 0.9,
        temperature: float = 0.05,
    ) -> None:
        super().__init__(weight)
        if any(not 0 <= share <= 1 for share in refine):
            raise ValueError(f"refine lists shares of the training, 0..1, got {list(refine)}")
        self.logit_scale, self.refine, self.damping, self.temperature = logit_scale, tuple(refine), damping, temperature
        self.register_buffer("prototypes", torch.empty(0, 0))
        self.register_buffer("refined", torch.zeros((), dtype=torch.long))

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Start with the plain class means."""
        super().prepare(upgrade, learner)
        assert upgrade.old is not None
        self._labels = torch.from_numpy(upgrade.train.labels)
        self.prototypes = class_prototypes(upgrade.old.vectors, self._labels, upgrade.train.num_ids)
        self.refined = torch.zeros((), dtype=torch.long)

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Refine where the training has passed one more share."""
        due = sum(share <= epoch.progress + 1e-9 for share in self.refine)
        if due <= int(self.refined):
            return
        assert self.upgrade.old is not None
        processes = self.upgrade.forward.processes
        new = extract(self.upgrade.model, self.upgrade.train, progress=False, processes=processes)
        rows = refine_prototypes(
            new.vectors,
            self.upgrade.old.vectors,
            self._labels,
            self.upgrade.train.num_ids,
            damping=self.damping,
            temperature=self.temperature,
        )
        self.prototypes = rows.to(self.prototypes)
        self.refined.fill_(due)

    def step(self, batch: Batch) -> Tensor:
        """Cross-entropy of the batch against the prototypes."""
        return influence_loss(batch.pair[0], self.prototypes, batch.labels, logit_scale=self.logit_scale)
