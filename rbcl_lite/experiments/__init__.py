"""Many runs compared fairly: the five settings, the sweep over weights, the tables, the verdicts.

Read in this order: ``settings`` (what is upgraded), ``jobs`` and ``result_file`` (a run, and where
its numbers are kept), ``choice`` and ``sweep`` (weights), ``axes``, ``ablation`` and
``repeatability`` (what else is varied), ``measure`` and ``rotation`` (what is measured, and the
baseline), ``verdict`` and ``claim`` (what may be said), ``freshness`` (whether it still holds). The
folders are ``tables``, ``rollout``, ``omniglot``, ``gpu`` and ``close_up``, where single chapters
look closer.
"""

from rbcl_lite.experiments.beside import beside
from rbcl_lite.experiments.choice import choose_weight
from rbcl_lite.experiments.close_up.heads import sweep_heads, train_head
from rbcl_lite.experiments.freshness import age
from rbcl_lite.experiments.measure import CrossTest, cross_test_runs, measure, scores
from rbcl_lite.experiments.rotation import fit_rotation, rotate
from rbcl_lite.experiments.settings import SETTINGS, compatible, independent
from rbcl_lite.experiments.shared import shared_config
from rbcl_lite.experiments.tables.models import model_table
from rbcl_lite.experiments.tables.price import affordable, at_price, paired_at_price, price_table
from rbcl_lite.experiments.tables.runs import chosen_runs, curve, load_result, runs_table, summary
from rbcl_lite.experiments.tables.scores import score_table
from rbcl_lite.experiments.tables.setting import measured_settings, setting_table
from rbcl_lite.experiments.verdict import paired, paired_verdict, verdict

__all__ = [
    "SETTINGS",
    "CrossTest",
    "affordable",
    "age",
    "at_price",
    "beside",
    "choose_weight",
    "chosen_runs",
    "compatible",
    "cross_test_runs",
    "curve",
    "fit_rotation",
    "independent",
    "load_result",
    "measure",
    "measured_settings",
    "model_table",
    "paired",
    "paired_at_price",
    "paired_verdict",
    "price_table",
    "rotate",
    "runs_table",
    "score_table",
    "scores",
    "setting_table",
    "shared_config",
    "summary",
    "sweep_heads",
    "train_head",
    "verdict",
]
