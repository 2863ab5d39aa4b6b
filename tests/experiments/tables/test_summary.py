"""The book's summary shows the means of the result, under readable headings."""

import pytest

from rbcl_lite.experiments.tables.summary import summary_table


def run(method: str, weight: float, seed: int, new_old: float) -> dict:
    scores = {"old_old": 30.0, "new_old": new_old, "new_new": 90.0}
    return {"method": method, "weight": weight, "seed": seed, "seconds": 1.0, "test": scores}


RESULT = {
    "runs": [
        *(run("independent", 0.0, seed, 1.0) for seed in (0, 1)),
        *(run("bct", 0.5, seed, 46.0 + 2 * seed) for seed in (0, 1)),
        *(run("bct", 8.0, seed, 60.0) for seed in (0, 1)),
        *(run("l2", 2.0, seed, 40.0) for seed in (0, 1)),
    ],
    "chosen": {"bct": 0.5, "l2": 2.0},
}


def test_means_at_the_chosen_weight_best_first() -> None:
    table = summary_table(RESULT)
    assert table.index.tolist() == ["bct", "l2", "independent"]
    assert table.loc["bct"].tolist() == ["0.5", 2, 30.0, 47.0, 1.4, 17.0, 90.0, 0.0]
    assert table["weight"].tolist() == ["0.5", "2", "–"], "whole numbers without a point, a dash for a baseline"
    assert not [c for c in table.columns if "_" in c]


def test_only_the_methods_asked_for() -> None:
    assert summary_table(RESULT, ["independent", "bct"]).index.tolist() == ["bct", "independent"]
    with pytest.raises(ValueError, match=r"no run of 'rbcl'.*\['bct', 'independent', 'l2'\]"):
        summary_table(RESULT, ["bct", "rbcl"])
