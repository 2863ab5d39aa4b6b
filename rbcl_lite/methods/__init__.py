"""Methods of compatibility, one file each; :data:`METHODS` maps the command's names to them."""

from rbcl_lite.methods.advbct import AdvBCT
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.contrastive import Contrastive
from rbcl_lite.methods.hot_refresh import HotRefresh
from rbcl_lite.methods.independent import Independent
from rbcl_lite.methods.l2 import L2
from rbcl_lite.methods.lce import LCE
from rbcl_lite.methods.mixbct import MixBCT
from rbcl_lite.methods.nccl import NCCL
from rbcl_lite.methods.rbcl import RBCL
from rbcl_lite.methods.rbcl_bct import RBCLWithBCT
from rbcl_lite.methods.smooth_ap import SmoothAP
from rbcl_lite.methods.supap import SupAP
from rbcl_lite.methods.triplet import Triplet
from rbcl_lite.methods.unibct import UniBCT
from rbcl_lite.protocol import Method

METHODS: dict[str, type[Method]] = {
    "independent": Independent,
    "l2": L2,
    "bct": BCT,
    "contrastive": Contrastive,
    "triplet": Triplet,
    "hot-refresh": HotRefresh,
    "nccl": NCCL,
    "unibct": UniBCT,
    "lce": LCE,
    "advbct": AdvBCT,
    "mixbct": MixBCT,
    "smooth-ap": SmoothAP,
    "supap": SupAP,
    "rbcl": RBCL,
    "rbcl-bct": RBCLWithBCT,
}

__all__ = [
    "BCT",
    "L2",
    "LCE",
    "METHODS",
    "NCCL",
    "RBCL",
    "AdvBCT",
    "Contrastive",
    "HotRefresh",
    "Independent",
    "MixBCT",
    "RBCLWithBCT",
    "SmoothAP",
    "SupAP",
    "Triplet",
    "UniBCT",
]
