"""Names of people: by them an old classifier's rows are found in the images of today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_runs import NEW, OLD

from rbcl_lite.data.images import Images
from rbcl_lite.runs.people import classifier_people, people_names
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.runs.start import make_upgrade

PATTERN = r"(?P<id>[a-z]+)_c(?P<cam>\d)"
NAMES = ["ada", "bo", "cy", "di", "ed", "flo", "gus", "hal", "ida", "jo", "kit", "lou", "max", "ned", "ona", "pip"]


def crops(root: Path, names: list[str]) -> Path:
    """Two crops by each of two cameras of every person, in the person's colour."""
    root.mkdir(exist_ok=True)
    for name in names:
        r = np.random.default_rng(NAMES.index(name))
        colour = r.integers(0, 256, 3)
        for cam in (1, 2):
            for i in range(2):
                pixels = np.clip(colour + r.normal(0, 20, (32, 16, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(root / f"{name}_c{cam}_{i}.png")
    return root


def test_people_of_a_domain_have_its_name_and_their_seed(new):
    data = NEW.splits().train
    assert people_names(Images("campus"), 3, data) == [f"campus/3/{i}" for i in data.classes]
    assert not set(people_names(Images("campus"), 3, data)) & set(people_names(Images("campus"), 4, data))
    assert not set(people_names(Images("campus"), 3, data)) & set(people_names(Images("street"), 3, data))


def test_people_of_a_folder_have_the_names_of_its_files(tmp_path):
    images = Images(str(crops(tmp_path / "crops", NAMES)), pattern=PATTERN)
    data = replace(OLD, images=images).splits().train
    names = people_names(images, 3, data)
    assert len(names) == data.num_ids and set(names) <= set(NAMES)
    for name, identity in zip(names, data.classes):  # row by row in the order of ``classes``
        assert all(name in key for key, i in zip(data.keys, data.ids) if i == identity)


@pytest.mark.parametrize("learner", ["supervised", "ecn", "pseudo-labels"])
def test_rows_of_a_classifier_are_people_of_the_labelled_images(new, learner):
    config = replace(OLD, learner=learner, images=Images("street"), labelled=Images("campus"))
    names = classifier_people(config, make_upgrade(config))
    domain = "street" if learner == "supervised" else "campus"
    assert names and all(name.startswith(f"{domain}/3/") for name in names)
    alone = replace(OLD, learner="pseudo-labels")
    assert classifier_people(alone, make_upgrade(alone)) == []  # it has no classifier


def test_rows_are_found_again_after_people_came_and_the_numbering_moved(tmp_path):
    """Trap: identities are numbers in alphabetical order, so one new name shifts all that follow it."""
    root = crops(tmp_path / "crops", [n for n in NAMES if n not in ("bo", "kit")])
    images = Images(str(root), pattern=PATTERN)
    old = run_or_load(replace(OLD, images=images, share=1.0, batch=(3, 2)), folder=tmp_path / "runs")
    assert load_run(old.folder).people == old.people and set(old.people) <= set(NAMES)
    crops(root, ["bo", "kit"])
    config = replace(NEW, images=images, batch=(3, 2), old=old.config)
    upgrade = make_upgrade(config, old)
    today = dict(zip(upgrade.train.classes.tolist(), people_names(images, config.seed, upgrade.train)))
    known = [(row, int(c)) for row, c in enumerate(upgrade.old_classes) if c >= 0]
    assert known and [old.people[row] for row, _ in known] == [today[c] for _, c in known]
    assert {old.people[row] for row, _ in known} == set(old.people) & set(today.values())
    assert torch.equal(upgrade.old_classifier, old.load_model().classifier.weight)
