"""The settings: which runs they ask for."""

from dataclasses import replace

from rbcl_lite.experiments.settings import SETTINGS, VARIANTS, WEIGHTS, compatible, independent
from rbcl_lite.methods import METHODS


def test_every_method_but_independent_has_at_least_five_ascending_weights() -> None:
    assert set(WEIGHTS) == set(METHODS) - {"independent"} | set(VARIANTS)
    for weights in WEIGHTS.values():
        assert len(weights) >= 5 and list(weights) == sorted(set(weights))


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
