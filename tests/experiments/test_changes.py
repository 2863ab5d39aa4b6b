"""Changes of a configuration by dotted names."""

from dataclasses import replace

import pytest

from rbcl_lite.experiments.changes import changed
from rbcl_lite.experiments.settings import independent


def test_a_change_is_what_replace_would_do_and_the_original_stays() -> None:
    config = independent("more-identities", 0, "laptop")
    found = changed(config, {"train.epochs": 3, "old.share": 0.4, "learner_options.label_smoothing": 0.3})
    assert config == independent("more-identities", 0, "laptop")
    assert found == replace(
        config,
        train=replace(config.train, epochs=3),
        old=replace(config.old, share=0.4),
        learner_options={**config.learner_options, "label_smoothing": 0.3},
    )
    assert found.key() != config.key() and changed(config, {}) == config


@pytest.mark.parametrize(
    "name",
    [
        *("epochs", "train.epoch", "old.train.seeds", "share.more", "", "train.", ".epochs", "old.old.share"),
        *("method_options.a.b", "learner_options.label_smoothing.more", "method_options."),
    ],
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no '{name}' in this configuration"):
        changed(independent("more-identities", 0, "laptop"), {name: 1})


def test_an_option_inside_a_dictionary() -> None:
    assert changed({"a": {"b": 1, "c": 2}, "d": 3}, {"a.b": 5, "a.e": 6}) == {"a": {"b": 5, "c": 2, "e": 6}, "d": 3}
    config = independent("more-identities", 0, "laptop")
    found = changed(replace(config, method="rbcl"), {"method_options.agents": 0, "old.learner_options.margin": 0.1})
    assert found.method_options == {"agents": 0} and config.method_options == {}
    assert found.old.learner_options == {**config.old.learner_options, "margin": 0.1}
    with pytest.raises(ValueError, match="RBCL has no option 'agent'"):
        changed(replace(config, method="rbcl"), {"method_options.agent": 0})
