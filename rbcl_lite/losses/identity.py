"""Identity losses: the new model's own supervision, with or without an old model."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision, zero_loss


@full_precision
def cross_entropy_loss(logits: Tensor, labels: Tensor, *, label_smoothing: float = 0.1) -> Tensor:
    r"""Cross-entropy with smoothed labels: :func:`torch.nn.functional.cross_entropy`, defined on an
    empty batch too.

    .. math:: L = -\frac1B \sum_i \sum_c \big((1-\epsilon)\,[c = y_i] + \epsilon / C\big) \log p_{ic}

    with the softmax :math:`p` of the logits (label smoothing: Szegedy et al. 2016, section 7).

    Args:
        logits: [B, C].
        labels: [B] integers in 0..C-1.
        label_smoothing: the share :math:`\epsilon` of the target spread evenly over all classes.

    Returns:
        Scalar; zero for an empty batch.

    Raises:
        ValueError: wrong shapes, or a label outside 0..C-1.

    >>> cross_entropy_loss(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(1.3863)
    """
    check_matrix("logits", logits)
    check_labels("labels", labels, len(logits), logits.shape[1])
    if not len(logits):
        return zero_loss(logits)
    return F.cross_entropy(logits, labels.long(), label_smoothing=label_smoothing)


@full_precision
def arcface_loss(
    features: Tensor, weight: Tensor, labels: Tensor, *, logit_scale: float = 16.0, margin: float = 0.3
) -> Tensor:
    r"""Additive angular margin softmax (Deng et al. 2019, equation 3).

    .. math:: L = -\frac1B \sum_i \log \frac{e^{s \cos(\theta_{i y_i} + m)}}
              {e^{s \cos(\theta_{i y_i} + m)} + \sum_{c \ne y_i} e^{s \cos \theta_{ic}}}

    :math:`\cos(\theta + m)` would rise again beyond :math:`\theta = \pi - m`; there it is continued
    by :math:`\cos\theta - m \sin m`, as in the authors' code, so that a worse angle never lowers
    the loss. The variant without margin for :math:`\theta > \pi/2` ("easy margin") is not used.

    Args:
        features: [B, D], any length; may hold replaced rows
            (:func:`rbcl_lite.losses.mixing.mix_features`).
        weight: [C, D] one row per class, any length.
        labels: [B] integers in 0..C-1.
        logit_scale: :math:`s`. 16 to 32 suits tens to thousands of identities; 64 is tuned for a
            hundred thousand.
        margin: :math:`m` in radians, 0 <= m < pi/2.

    Returns:
        Scalar, mean over the batch; zero for an empty batch.

    Raises:
        ValueError: wrong shapes, a label outside 0..C-1, a margin outside [0, pi/2), a logit_scale
            that is not positive.

    >>> weight = torch.eye(3)
    >>> arcface_loss(torch.tensor([[0.6, 0.8, 0.0]]), weight, torch.tensor([1]), logit_scale=10.0, margin=0.0)
    tensor(0.1272)
    >>> arcface_loss(torch.tensor([[0.6, 0.8, 0.0]]), weight, torch.tensor([1]), logit_scale=10.0, margin=0.3)
    tensor(0.7618)
    """
    check_matrix("features", features)
    check_matrix("weight", weight, features.shape[1])
    check_labels("labels", labels, len(features), len(weight))
    if not 0 <= margin < math.pi / 2:
        raise ValueError(f"margin is an angle in radians, 0 <= margin < pi/2, got {margin}")
    if logit_scale <= 0:
        raise ValueError(f"logit_scale must be positive, got {logit_scale}")
    if not len(features):
        return zero_loss(features, weight)
    labels = labels.long()
    cosine = F.normalize(features, dim=1) @ F.normalize(weight, dim=1).t()  # [B, C]
    target = cosine.gather(1, labels[:, None])
    sine = (1 - target.square()).clamp_min(1e-12).sqrt()  # the slope of the root is infinite at 0
    wider = target * math.cos(margin) - sine * math.sin(margin)
    wider = torch.where(target > -math.cos(margin), wider, target - margin * math.sin(margin))
    return F.cross_entropy(logit_scale * cosine.scatter(1, labels[:, None], wider), labels)
