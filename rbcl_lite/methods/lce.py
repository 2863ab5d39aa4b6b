"""LCE: new vectors inside the old class's cone, the new classifier on its axis."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative
from rbcl_lite.features import fit_dimension
from rbcl_lite.losses.lce import class_cones, classifier_alignment_loss, cone_loss
from rbcl_lite.methods.classifier import classifier_of
from rbcl_lite.protocol import Batch, Learner, Method, Upgrade


class LCE(Method):
    """Learning compatible embeddings (Meng et al. 2021): L = boundary * L_cone + alignment *
    L_axis.

    In the form of AdvBCT's re-implementation (angles, cosine distance of classifier rows); the
    authors' code compares cosines and takes 100 times a mean square, so that weights do not carry
    over. Where widths differ, new vectors and classifier rows are read at the old width.

    Args:
        weight: lambda.
        boundary: weight of leaving the cone.
        alignment: weight of the classifier's distance from the axis, over the people of the batch.

    Raises:
        ValueError: on :meth:`prepare`, a model without a classifier of the training people.
    """

    fixed_labels = True
    centres: Tensor  # [C, D_old]
    angles: Tensor  # [C] radians

    def __init__(self, weight: float = 1.0, boundary: float = 1.0, alignment: float = 1.0) -> None:
        super().__init__(weight)
        check_not_negative(boundary=boundary, alignment=alignment)
        self.boundary, self.alignment = boundary, alignment
        self.register_buffer("centres", torch.empty(0, 0), persistent=False)
        self.register_buffer("angles", torch.empty(0), persistent=False)

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Axis and opening of each person's cone in the old space."""
        super().prepare(upgrade, learner)
        assert upgrade.old is not None
        classifier_of(upgrade, "LCE")
        labels = torch.from_numpy(upgrade.train.labels)
        self.centres, self.angles = class_cones(upgrade.old.vectors, labels, upgrade.train.num_ids)

    def step(self, batch: Batch) -> Tensor:
        """Both terms of the batch."""
        outside = cone_loss(batch.pair[0], self.centres, self.angles, batch.labels)
        weight = fit_dimension(classifier_of(self.upgrade, "LCE"), self.centres.shape[1])
        axis = classifier_alignment_loss(weight, self.centres, batch.labels)
        return self.boundary * outside + self.alignment * axis
