"""The settings: which runs they ask for."""

import itertools
from dataclasses import replace

import pytest

from rbcl_lite.base.scale import SCALES
from rbcl_lite.data.augment import Augment
from rbcl_lite.experiments.settings import SETTINGS, VARIANTS, WEIGHTS, compatible, independent
from rbcl_lite.experiments.sweep import limit_of
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS


def test_every_method_but_independent_has_weights_to_begin_with() -> None:
    """Four in ascending order, about a factor of two apart: a list grows where the choice falls on its end."""
    assert set(WEIGHTS) == set(METHODS) - {"independent"} | set(VARIANTS)
    for name, weights in WEIGHTS.items():
        assert len(weights) >= 4 and list(weights) == sorted(set(weights)) and min(weights) > 0
        assert max(weights) <= (limit_of(name) or float("inf"))
        assert all(1.5 <= b / a <= 2.5 for a, b in itertools.pairwise(weights)), name


def test_variants_are_methods_with_other_options() -> None:
    assert not set(VARIANTS) & set(METHODS)
    for name, (method, options) in VARIANTS.items():
        config, plain = (compatible("more-identities", n, 2.0, 3, "laptop") for n in (name, method))
        assert config.method_options == options and config.key() != plain.key()
        assert config == replace(plain, method_options=options)


def test_settings_differ_as_their_names_say() -> None:
    more, stronger = independent("more-identities", 0, "laptop"), independent("stronger-backbone", 0, "laptop")
    assert more.old is not None and stronger.old is not None
    assert more.old.model == more.model and more.old.share < more.share
    assert stronger.old.model != stronger.model and stronger.old.share == stronger.share
    for name in SETTINGS:
        config = independent(name, 5, "laptop")
        assert config.old is not None and config.old.seed == config.seed == 5
        assert (config.images == config.old.images) is not name.startswith("cross-domain")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_recipe_of_the_scale_reaches_both_runs(scale: str, setting: str) -> None:
    at, new = SCALES[scale], independent(setting, 1, scale)
    assert new.old is not None
    for run in (new, new.old):
        assert run.train.lr == at.lr and run.augment == Augment(erase=at.erase) and run.model.dim == at.dim
        assert run.learner_options == {"label_smoothing": at.label_smoothing} and run.scale == scale
        assert LEARNERS[run.learner](**run.learner_options).label_smoothing == at.label_smoothing
    assert (new.train.epochs, new.old.train.epochs) == (at.epochs, at.old_epochs)
    assert new.batch == at.batch and new.old.batch[0] <= max(2, round(new.old.share * at.people))
