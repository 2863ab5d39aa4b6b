"""Losses, one file per family: tensors in, a scalar out."""

from rbcl_lite.losses.adversarial import ModelDiscriminator, adversarial_loss
from rbcl_lite.losses.alignment import l2_loss
from rbcl_lite.losses.contrastive import contrastive_loss
from rbcl_lite.losses.elastic import ElasticBoundary, point_to_set_loss
from rbcl_lite.losses.hot_refresh import hot_refresh_loss
from rbcl_lite.losses.identity import arcface_loss, cross_entropy_loss
from rbcl_lite.losses.influence import class_prototypes, extend_prototypes, influence_loss
from rbcl_lite.losses.invariance import invariance_loss, neighbour_purity
from rbcl_lite.losses.lce import class_cones, classifier_alignment_loss, cone_loss
from rbcl_lite.losses.mixing import credible_samples, mix_features
from rbcl_lite.losses.nccl import confident_samples, nccl_class_loss, nccl_loss
from rbcl_lite.losses.ranking import saturation, smooth_ap_loss
from rbcl_lite.losses.reactivation import Reactivation
from rbcl_lite.losses.supap import calibration_loss, supap_loss
from rbcl_lite.losses.triplet import cross_triplet_loss, triplet_loss
from rbcl_lite.losses.unibct import refine_prototypes

__all__ = [
    "ElasticBoundary",
    "ModelDiscriminator",
    "Reactivation",
    "adversarial_loss",
    "arcface_loss",
    "calibration_loss",
    "class_cones",
    "class_prototypes",
    "classifier_alignment_loss",
    "cone_loss",
    "confident_samples",
    "contrastive_loss",
    "credible_samples",
    "cross_entropy_loss",
    "cross_triplet_loss",
    "extend_prototypes",
    "hot_refresh_loss",
    "influence_loss",
    "invariance_loss",
    "l2_loss",
    "mix_features",
    "nccl_class_loss",
    "nccl_loss",
    "neighbour_purity",
    "point_to_set_loss",
    "refine_prototypes",
    "saturation",
    "smooth_ap_loss",
    "supap_loss",
    "triplet_loss",
]
