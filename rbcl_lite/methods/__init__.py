"""Methods of compatibility, one file each. :data:`METHODS` maps the name on the command line to the class."""

from rbcl_lite.methods.base import Method
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.contrastive import Contrastive
from rbcl_lite.methods.independent import Independent
from rbcl_lite.methods.l2 import L2

METHODS: dict[str, type[Method]] = {
    "independent": Independent,
    "l2": L2,
    "bct": BCT,
    "contrastive": Contrastive,
}

__all__ = ["BCT", "L2", "METHODS", "Contrastive", "Independent", "Method"]
