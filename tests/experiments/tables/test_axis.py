"""Tables and figures of an axis: each run in its place, the means of the seeds, and what is missing said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from rbcl_lite.experiments.tables.axis import axis_gaps, axis_paired, axis_table, epoch_table
from rbcl_lite.experiments.tables.runs import load_result
from rbcl_lite.metrics.interval import reach
from rbcl_lite.plots.axes import epoch_curves, gain_over_dead, gap_curves


def run(method: str, seed: int, epochs: int, new_old: float) -> dict:
    test = {"old_old": 20.0, "new_old": new_old, "new_new": 60.0}
    seen = {"new_old": [new_old / 2] * epochs, "new_new": [50.0] * epochs}
    if method == "smooth-ap":
        seen["saturation"] = [0.5] * epochs
    changes = {"train.epochs": epochs, "watch": True}
    return {"method": method, "seed": seed, "changes": changes, "test": test, "epochs": seen}


RUNS = [run(m, s, n, 30 + s + n) for m in ("smooth-ap", "bct") for s in (0, 2) for n in (1, 4)]
RESULT = {"runs": [*RUNS, {"method": "independent", "seed": 0, "test": {"new_old": 1.0}}]}


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_a_row_for_each_run_and_for_each_epoch() -> None:
    table = axis_table(RESULT, "train.epochs")
    assert len(table) == 8 and table.query("method == 'bct' and seed == 2 and value == 4")["new_old"].item() == 36
    assert table.query("method == 'bct'")["dead"].isna().all()
    dead = axis_table({"runs": [{**RUNS[0], "saturation": 0.25}]}, "train.epochs")
    assert dead["dead"].tolist() == [25.0]
    watched = axis_table({"runs": [r for r in RUNS if r["method"] == "smooth-ap"]}, "train.epochs")
    assert set(watched["dead"]) == {50.0}  # that of the last epoch
    epochs = epoch_table(RESULT, 4)
    assert len(epochs) == 4 * 4 and epochs["epoch"].max() == 4 and epochs["epoch"].min() == 1
    assert set(epochs.query("method == 'smooth-ap'")["dead"]) == {50.0}
    assert epochs.query("method == 'bct'")["dead"].isna().all()


def test_differences_are_taken_at_one_place_within_a_seed_and_a_kind_of_hardware() -> None:
    other = [{**r, "hardware": "another"} for r in RUNS if r["method"] == "bct" and r["seed"] == 2]
    better = [{**r, "test": {**r["test"], "new_old": 50.0}} for r in RUNS if r["method"] == "smooth-ap"]
    rest = [r for r in RUNS if r["method"] == "bct" and r["seed"] == 0]
    table = axis_table({"runs": [*other, *better, *rest]}, "train.epochs")
    assert axis_paired(table, 4, "smooth-ap", "bct").to_dict() == {0: 50.0 - 34.0}
    assert axis_paired(table, 1, "bct", "smooth-ap", "new_new").to_dict() == {0: 0.0}
    with pytest.raises(ValueError, match="no run of 'l2' at 4; measured there: bct, smooth-ap"):
        axis_paired(table, 4, "l2", "bct")


def test_what_was_not_measured_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'old\.share' was not varied here, but train\.epochs, watch"):
        axis_table(RESULT, "old.share")
    with pytest.raises(ValueError, match="no run of 64 epochs"):
        epoch_table(RESULT, 64)
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment axis old-quality"):
        load_result("old-quality", tmp_path)


def test_gaps_hold_every_place_and_seed() -> None:
    ahead = [{**r, "test": {**r["test"], "new_old": r["test"]["new_old"] + 3 + r["seed"]}} for r in RUNS[:4]]
    gaps = axis_gaps(axis_table({"runs": [*ahead, *RUNS[4:]]}, "train.epochs"), ["smooth-ap"], "bct")
    assert gaps.set_index(["value", "seed"])["new_old"].to_dict() == {(1, 0): 3, (1, 2): 5, (4, 0): 3, (4, 2): 5}
    assert set(gaps["new_new"]) == {0.0} and set(gaps["method"]) == {"smooth-ap"} and set(gaps["other"]) == {"bct"}
    with pytest.raises(ValueError, match="no run of 'l2' at 1"):
        axis_gaps(axis_table(RESULT, "train.epochs"), ["l2"], "bct")


def test_the_lead_is_drawn_with_its_interval() -> None:
    rows = [(value, seed, lead + seed) for value, lead in ((30, -2.0), (60, 4.0)) for seed in (0, 1, 2)]
    gaps = pd.DataFrame(rows, columns=["value", "seed", "new_old"]).assign(method="smooth-ap", other="bct", new_new=1.0)
    above, below = gap_curves(gaps, "people", ["smooth-ap"]).axes
    zero, means, *_ = above.lines
    assert set(zero.get_ydata()) == {0} and means.get_ydata().tolist() == [-1, 5]
    (bars,) = [c for c in above.collections if isinstance(c, LineCollection)]
    low, high = bars.get_segments()[1][:, 1]
    assert np.isclose((high - low) / 2, reach([4.0, 5.0, 6.0])) and np.isclose((high + low) / 2, 5)
    assert [t.get_text() for t in below.get_xticklabels()] == ["30", "60"]
    assert below.lines[1].get_ydata().tolist() == [1, 1]


def test_the_gain_over_dead_pairs_has_a_line_for_each_seed() -> None:
    rows = [(seed, value, 30.0 + value / 10 + seed, value / 100 - 2) for seed in (0, 1) for value in (400, 30)]
    points = pd.DataFrame(rows, columns=["seed", "value", "dead", "gain"])
    (ax,) = gain_over_dead(points, "people").axes
    _, first, second = ax.lines
    assert first.get_xydata().tolist() == [[33.0, -1.7], [70.0, 2.0]]  # in the order of what was varied
    assert second.get_xdata().tolist() == [34.0, 71.0]
    (above,) = ax.child_axes
    assert above.get_xticks().tolist() == [33.5, 70.5] and above.get_xlabel() == "people"
    assert [t.get_text() for t in above.get_xticklabels()] == ["30", "400"]


def test_epochs_are_drawn_as_means_of_the_seeds() -> None:
    dead, found = epoch_curves(epoch_table(RESULT, 4), ["smooth-ap"]).axes
    assert dead.lines[0].get_ydata().tolist() == [50] * 4 and found.lines[0].get_ydata().tolist() == [17.5] * 4
