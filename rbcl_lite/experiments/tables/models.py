"""Model table: the trained models that a page works with, under the names that it gives them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rbcl_lite.runs.run import Run


def model_table(models: Mapping[str, Run]) -> pd.DataFrame:
    """One line for each trained model.

    Args:
        models: name on the page, such as ``old``, to its run.

    Returns:
        ``backbone``, number of ``people`` that it was trained on, ``weight`` of its method
        (λ, or the ratio of MixBCT; a dash without one), ``seed``, and what the ``training`` took, with a
        note where this call loaded it.
    """
    rows = {
        name: {
            "backbone": run.config.model.backbone,
            "people": "–" if run.trained_on is None else len(run.trained_on.people),
            "weight": "–" if run.config.method == "independent" else f"{run.config.weight:g}",
            "seed": run.config.train.seed,
            "training": f"{run.seconds:.0f} s" + ", loaded" * run.loaded,
        }
        for name, run in models.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
