"""The runs that several chapters load."""

import pytest

from rbcl_lite.experiments.settings import independent
from rbcl_lite.experiments.shared import SHARED, shared_config
from rbcl_lite.experiments.tables.runs import load_result


def test_shared_runs_are_runs_of_the_setting() -> None:
    assert shared_config("old", "laptop") == independent("stronger-and-more", 0, "laptop").old
    for name, (setting, method) in SHARED.items():
        config = shared_config(name, "laptop")
        assert config.old == independent(setting, 0, "laptop").old
        assert config.weight == (0 if method == "independent" else load_result(setting)["chosen"][method])
    with pytest.raises(ValueError, match="unknown shared run 'new'"):
        shared_config("new")
