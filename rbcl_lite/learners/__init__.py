"""Learners, one file each; :data:`LEARNERS` maps the command's names to them."""

from rbcl_lite.learners.ecn import ECN
from rbcl_lite.learners.pseudo_labels import PseudoLabels
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.protocol import Learner

LEARNERS: dict[str, type[Learner]] = {"supervised": Supervised, "ecn": ECN, "pseudo-labels": PseudoLabels}

__all__ = ["ECN", "LEARNERS", "PseudoLabels", "Supervised"]
