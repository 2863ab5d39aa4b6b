"""Learners, one file each. :data:`LEARNERS` maps the name on the command line to the class."""

from rbcl_lite.learners.base import Batch, Epoch, Learner, Upgrade
from rbcl_lite.learners.supervised import Supervised

LEARNERS: dict[str, type[Learner]] = {"supervised": Supervised}

__all__ = ["LEARNERS", "Batch", "Epoch", "Learner", "Supervised", "Upgrade"]
