"""Names of people, by which the runs of one data set know each other's."""

from __future__ import annotations

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.identities import canonical
from rbcl_lite.data.images import Images
from rbcl_lite.learners import LEARNERS
from rbcl_lite.protocol import Upgrade
from rbcl_lite.runs.config import RunConfig


def people_names(images: Images, seed: int, data: ReIDDataset) -> list[str]:
    """The name of each person of ``data.classes``: of a drawn person with the domain and the seed.

    Args:
        images: where the data set comes from.
        seed: of the people.
        data: a part of it.
    """
    if images.rendered:
        return [f"{images.data}/{seed}/{i}" for i in data.classes.tolist()]
    return [canonical(data.name_of(i)) for i in data.classes.tolist()]


def classifier_people(config: RunConfig, upgrade: Upgrade) -> list[str]:
    """The name of the person of each row of the classifier that a run trains."""
    classes = LEARNERS[config.learner].classes(upgrade.train, upgrade.labelled)
    for images, data in ((config.images, upgrade.train), (config.labelled, upgrade.labelled)):
        if images is not None and isinstance(data, ReIDDataset) and len(classes) and data.classes is not None:
            if len(classes) == data.num_ids and (classes == data.classes).all():
                return people_names(images, config.seed, data)
    return []
