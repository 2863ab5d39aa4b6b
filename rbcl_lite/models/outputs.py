"""Outputs of one forward pass, which every model of this package gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Outputs:
    """What a model gives for B inputs.

    Args:
        feature: [B, D] what the triplet loss sees; before the BN neck, where there is one.
        embedding: [B, D] what is stored and compared; the feature itself where there is no neck.
        logits: [B, C] of the classifier, or None without one.
    """

    feature: Tensor
    embedding: Tensor
    logits: Tensor | None = None
