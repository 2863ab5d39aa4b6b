"""Models under the names of the page: the old one is called old, and says whom it was trained on."""

from dataclasses import replace
from pathlib import Path

from rbcl_lite.experiments.settings import compatible, independent
from rbcl_lite.experiments.tables.models import model_table
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.people import TrainedOn
from rbcl_lite.runs.run import Run


def test_a_line_says_what_the_page_has_to_know() -> None:
    alone = independent("stronger-and-more", seed=3, scale_name="laptop")
    tied = replace(compatible("stronger-and-more", "bct", 0.25), old=None)
    assert isinstance(alone.old, RunConfig)
    known = TrainedOn(("campus/3/0", "campus/3/1"))
    models = {
        "old": Run(Path(), alone.old, (), None, True, 12.4),
        "independent": Run(Path(), alone, known.people, known, False, 61.0),
        "bct": Run(Path(), tied, known.people, known, True, 1.0),
    }
    table = model_table(models)
    assert table.columns.tolist() == ["backbone", "people", "weight", "seed", "training"]
    assert table.loc["old"].tolist() == ["tiny", "–", "–", 3, "12 s, loaded"]
    assert table.loc["independent"].tolist() == ["small", 2, "–", 3, "61 s"]
    assert table.loc["bct", "weight"] == "0.25"
