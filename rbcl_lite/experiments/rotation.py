"""Rotation baseline: the independent model turned onto the old space, without any training."""

from __future__ import annotations

from dataclasses import replace

import torch
from scipy.linalg import orthogonal_procrustes
from torch import Tensor

from rbcl_lite.experiments.measure import CrossTest
from rbcl_lite.features import Features, fit_dimension
from rbcl_lite.runs.run import Run, read_at
from rbcl_lite.runs.start import OldModel

ROTATION = "rotation"
"""Name of the baseline in result files."""

BASELINES = {"independent": 0.0, ROTATION: 0.0}
"""What every table holds beside the methods, and the weight that stands in its records."""


def fit_rotation(new: Features, old: Features) -> Tensor:
    """The orthogonal matrix that brings new vectors nearest to the old ones (Procrustes, least
    squares).

    Args:
        new: N vectors of D coordinates; brought to the old width
            (:func:`~rbcl_lite.features.fit_dimension`).
        old: the old vectors of the same N images.

    Returns:
        [D_old, D_old]; a row vector times it is turned.

    Raises:
        ValueError: other images.

    >>> turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    >>> new = Features(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), ids=[1, 2])
    >>> torch.allclose(fit_rotation(new, Features(new.vectors @ turn, ids=[1, 2])), turn, atol=1e-6)
    True
    """
    if not torch.equal(new.ids, old.ids):
        raise ValueError("new and old must show the same images row by row; use new.align(old)")
    turned = orthogonal_procrustes(fit_dimension(new.vectors, old.dim).double(), old.vectors.double())[0]
    return torch.from_numpy(turned).float()


def rotate(features: Features, rotation: Tensor) -> Features:
    """The vectors turned in their first D_old coordinates; the others stay, so that all distances
    among them do.

    Args:
        features: N vectors of D coordinates.
        rotation: [D_old, D_old], from :func:`fit_rotation`.

    Returns:
        vectors of max(D, D_old) coordinates: narrower ones get zeros appended first.
    """
    width = len(rotation)
    wide = fit_dimension(features.vectors, max(width, features.dim))
    turned = torch.cat([wide[:, :width] @ rotation, wide[:, width:]], dim=1)
    return Features(turned, features.ids, features.cams, f"{features.model}-rotated", features.keys)


def rotated(test: CrossTest, old: OldModel, new: Run, progress: bool | None = None) -> CrossTest:
    """The cross-test with new vectors turned; the rotation is fitted on the new model's training
    images.

    Queries and the new gallery are turned alike, which changes no distance: new/new is the
    independent model's.
    """

    def trained(model: OldModel) -> Features:
        """A model's vectors of the training images, at the size that it reads."""
        return model.extract(read_at(new.config, model.size).splits(progress).train.share(new.config.share), progress)

    rotation = fit_rotation(trained(new), trained(old))
    query, gallery = (rotate(f, rotation) for f in (test.new_query, test.new_gallery))
    return replace(test, new_query=query, new_gallery=gallery)
