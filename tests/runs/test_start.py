"""Start of a training: images, an untrained model, and the old vectors."""

from dataclasses import replace

import torch
from small_runs import NEW, OLD

from rbcl_lite.data.images import Images
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.runs.start import make_upgrade


def test_the_global_generator_is_left_alone(folder, new):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    make_upgrade(NEW, run_or_load(OLD, folder=folder))
    assert torch.equal(torch.get_rng_state(), before)


def test_old_vectors_are_those_of_the_training_images(folder, new):
    old = run_or_load(OLD, folder=folder)
    upgrade = make_upgrade(NEW, old)
    assert upgrade.old.keys == upgrade.train.keys and upgrade.old.dim == 8
    assert torch.equal(upgrade.old.ids, torch.from_numpy(upgrade.train.ids))
    assert upgrade.old_classes.tolist() == list(range(6, 12)) and upgrade.old_classifier.shape == (6, 8)
    same = torch.from_numpy(upgrade.train.images[:8].copy()).permute(0, 3, 1, 2)
    direct = torch.nn.functional.normalize(old.load_model()(same).embedding)
    assert torch.allclose(upgrade.old.vectors[:8], direct, atol=1e-5)


def test_other_people_have_no_row_in_the_old_classifier(folder, new):
    old = run_or_load(OLD, folder=folder)
    for change in ({"people_seed": 8}, {"images": Images("street")}):
        upgrade = make_upgrade(replace(NEW, **change), old)
        assert upgrade.old_classes.tolist() == [-1] * 6


def test_a_larger_input_and_a_wider_embedding(folder, new):
    config = replace(
        NEW,
        size=(128, 64),
        model=EmbedderConfig("small", dim=32),
        old=replace(OLD, size=(64, 32), batch=(3, 2)),
        share=0.75,
    )
    run = run_or_load(config, folder=folder)
    old = run_or_load(config.old, folder=folder)
    upgrade = make_upgrade(config, old)
    assert upgrade.train.size == (128, 64) and upgrade.old.dim == 8 and upgrade.train.num_ids == 9
    assert upgrade.old.keys == upgrade.train.keys
    small = config.old.splits().train.select(upgrade.train.classes)
    assert torch.equal(upgrade.old.vectors, old.extract(small).vectors)
    assert run.features("test", "query").dim == 32 and run.load_model().config.backbone == "small"
