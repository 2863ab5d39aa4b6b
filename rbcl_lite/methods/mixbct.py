"""MixBCT: some vectors of a batch are replaced by their old ones before the classifier."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.features import fit_dimension
from rbcl_lite.losses.identity import arcface_loss
from rbcl_lite.losses.mixing import credible_samples, mix_features
from rbcl_lite.methods.classifier import classifier_of
from rbcl_lite.protocol import Batch, Learner, Method, Upgrade


class MixBCT(Method):
    """ArcFace on a batch in which a share of the new vectors was replaced (Liang et al. 2023, arXiv
    2308.06948).

    It replaces the learner's own loss: there is no second term, and ``weight`` is the mixing ratio.
    With ratio 0 it is plain ArcFace without the triplet loss, not the independent model. Only
    credible images are replaced (:func:`~rbcl_lite.losses.mixing.credible_samples`, where small
    classes are treated otherwise than in the official code); the others are trained with their new
    vector.

    Old vectors that are narrower than the new ones are filled up with zeros.

    Args:
        weight: the share of each batch that is replaced, 0 to 1; 0.3 in all runs of the authors.
        logit_scale: of ArcFace. The authors' 64 is tuned for a hundred thousand people; 16 suits
            hundreds.
        margin: of ArcFace in radians; the authors use 0.5.
        keep: share of each person's images that counts as credible; 0.9 in the authors' runs, 1
            switches it off.

    Raises:
        ValueError: a ratio outside 0..1; on :meth:`prepare`, no classifier, or old vectors wider
            than the new.
    """

    fixed_labels = True
    replaces_identity = True
    credible: Tensor  # bool [N]

    def __init__(self, weight: float = 0.3, logit_scale: float = 16.0, margin: float = 0.3, keep: float = 0.9) -> None:
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of MixBCT is the share of a batch that is replaced, 0..1, got {weight}")
        super().__init__(weight)
        self.logit_scale, self.margin, self.keep = logit_scale, margin, keep
        self.register_buffer("credible", torch.empty(0, dtype=torch.bool), persistent=False)

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Check the widths and choose the credible images."""
        super().prepare(upgrade, learner)
        assert upgrade.old is not None
        width = classifier_of(upgrade, "MixBCT").shape[1]
        if upgrade.old.dim > width:
            raise ValueError(
                f"MixBCT puts old vectors in the place of new ones, and {upgrade.old.dim} old coordinates do not fit "
                f"into {width}; give the new model dim >= {upgrade.old.dim}, or use another method"
            )
        labels = torch.from_numpy(upgrade.train.labels)
        self.credible = credible_samples(upgrade.old.vectors, labels, keep=self.keep)

    def step(self, batch: Batch) -> Tensor:
        """The margin softmax of the mixed batch."""
        assert batch.old is not None
        new = batch.outputs.embedding
        old = fit_dimension(batch.old, new.shape[1])
        mixed, _ = mix_features(
            new, old, ratio=self.weight, credible=self.credible[batch.index], generator=batch.generator
        )
        weight = classifier_of(self.upgrade, "MixBCT")
        return arcface_loss(mixed, weight, batch.labels, logit_scale=self.logit_scale, margin=self.margin)
