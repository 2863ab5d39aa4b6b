"""Watch of a training: new/old and new/new on validation people after every epoch."""

from __future__ import annotations

from collections.abc import Callable

from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Epoch, Upgrade
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import read_at
from rbcl_lite.runs.start import OldModel


def new_old_watch(config: RunConfig, upgrade: Upgrade, old: OldModel) -> Callable[[Epoch], dict[str, float]]:
    """A callback for :func:`rbcl_lite.training.loop.train`.

    Args:
        config: the run, for its validation people.
        upgrade: holds the model that is trained.
        old: what made the gallery.

    Returns:
        from an epoch to ``new_old`` and ``new_new``, mAP in per cent.
    """
    new_data = config.splits(False).validation
    gallery = old.extract(read_at(config, old.size).splits(False).validation.gallery, False)

    def watch(epoch: Epoch) -> dict[str, float]:
        query = extract(upgrade.model, new_data.query, progress=False)
        own = extract(upgrade.model, new_data.gallery, progress=False)
        new_old = evaluate_ranking(query.fit(gallery.dim), gallery)
        return {"new_old": 100 * new_old.mAP, "new_new": 100 * evaluate_ranking(query, own).mAP}

    return watch
