"""Classifier of the new model, for the methods that train it against old vectors."""

from __future__ import annotations

from torch import Tensor

from rbcl_lite.protocol import Upgrade


def classifier_of(upgrade: Upgrade, method: str) -> Tensor:
    """The rows [C, D] of the new model's classifier, one for each training person, with their
    gradient.

    Args:
        upgrade: holds the model and the training people.
        method: name for the message.

    Raises:
        ValueError: the model has no classifier, or one for other people.
    """
    head, people = getattr(upgrade.model, "classifier", None), upgrade.train.num_ids
    if head is None or len(head.weight) != people:
        have = "no classifier" if head is None else f"a classifier of {len(head.weight)} classes"
        raise ValueError(
            f"{method} trains the new classifier; build the model with num_classes = {people}, it has {have}"
        )
    return head.weight
