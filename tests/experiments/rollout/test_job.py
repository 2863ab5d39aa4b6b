"""The roll-out: what is measured at every share, the file of a tiny one, and the tables made of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from jobs_here import jobs_here

sys.path.insert(0, str(Path(__file__).parents[2] / "gallery"))
from two_models import two_models

from rbcl_lite.experiments.freshness import job_of, stale_records
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.result_file import merge, result_path
from rbcl_lite.experiments.rollout import job as rollout
from rbcl_lite.experiments.rollout.job import METHODS, RATE, SETTING, RolloutJob
from rbcl_lite.experiments.rollout.measures import DAYS, SHARES, measure_rollout, order_curve, orders
from rbcl_lite.experiments.rollout.tables import by_seed, fusion_table, old_old, order_table, threshold_table
from rbcl_lite.gallery.mixed import traffic
from rbcl_lite.metrics import evaluate_ranking, negative_flips, positive_flips

TEST = two_models(people=8, seed=1)
MEASURED = measure_rollout(two_models(people=8), TEST, seed=0, rate=0.05)


def test_the_ends_of_every_curve_are_the_cross_test() -> None:
    cells = [
        evaluate_ranking(TEST.new_query, TEST.old_gallery),
        evaluate_ranking(TEST.new_query, TEST.new_gallery),
    ]
    before = evaluate_ranking(TEST.old_query, TEST.old_gallery)
    assert set(MEASURED["curves"]) == {"random", "most-searched", "least-certain", "worst-placed", "by-camera"}
    for curve in MEASURED["curves"].values():
        assert all(len(values) == len(SHARES) for values in curve.values())
        for end, cell in zip((0, -1), cells):
            assert curve["mAP"][end] == round(100 * cell.mAP, 2)
            assert curve["broken"][end] == round(100 * negative_flips(before, cell), 2)
            assert curve["mended"][end] == round(100 * positive_flips(before, cell), 2)
    for name, values in MEASURED["fusion"].items():
        assert values[-1] == round(100 * cells[1].mAP, 2)
        assert values[0] == round(100 * (before if name.startswith("both") else cells[0]).mAP, 2)
    assert MEASURED["new_in_first_ten"][0] == 0 and MEASURED["new_in_first_ten"][-1] == 100


def test_a_log_is_judged_on_other_queries_than_its_own() -> None:
    asked: list[np.ndarray] = []
    keys = list(TEST.new_gallery.keys or ())

    def order(at: np.ndarray) -> list[str]:
        asked.append(at)
        return keys if len(asked) % 2 else keys[::-1]

    weights = traffic(TEST.new_query.ids.numpy())
    found = order_curve(TEST, order, weights)
    assert sorted(np.concatenate(asked).tolist()) == list(range(len(TEST.new_query)))
    done = np.arange(len(keys)) < round(0.3 * len(keys))
    first, second = (TEST.mixed(d).ranking().ap for d in (done, done[::-1]))
    ap = first.copy()  # the first order was made from asked[0]
    ap[asked[0]] = second[asked[0]]
    assert found["mAP"][3] == pytest.approx(100 * ap.mean())
    assert found["traffic"][3] == pytest.approx(100 * np.average(ap, weights=weights))


def test_orders_differ_where_they_should() -> None:
    at = np.arange(len(TEST.new_query))
    made = {name: [order(at) for order in draws] for name, draws in orders(TEST, 0).items()}
    assert len({tuple(o) for draws in made.values() for o in draws}) == 3 + 4


def test_thresholds_say_what_they_are() -> None:
    found = MEASURED["thresholds"]
    assert found["rate"] == 5 and set(found["versions"]) == {"old", "new"}
    for rule in ("carried", "recalibrated", "by version"):
        assert len(found[rule]) == len(DAYS)
        for false, low, high, miss, miss_low, miss_high in found[rule]:
            assert 0 <= low <= false <= high <= 100 and 0 <= miss_low <= miss <= miss_high <= 100
    # at both ends the gallery has one version, so that both ways of calibrating are one
    assert found["recalibrated"][0] == found["by version"][0]
    assert found["recalibrated"][-1] == found["by version"][-1]


def test_tables_read_the_file() -> None:
    runs = [{"method": m, "seed": s, "test": MEASURED} for m in ("bct", "l2") for s in (0, 1)]
    table = order_table({"runs": runs})
    assert len(table) == 4 * 5 * len(SHARES)
    found = by_seed(table, "mAP", method="bct", order="random", share=0.3)
    assert found.tolist() == [MEASURED["curves"]["random"]["mAP"][3]] * 2 and found.index.tolist() == [0, 1]
    assert len(fusion_table({"runs": runs})) == 4 * 6 * len(SHARES)
    days = threshold_table({"runs": runs})
    assert len(days) == 4 * (1 + 3 * len(DAYS))
    assert (
        by_seed(days, "miss", method="l2", rule="before", share=0.0).tolist()
        == [MEASURED["thresholds"]["before"][3]] * 2
    )
    assert old_old({"runs": runs}).to_dict() == {0: MEASURED["old_old"], 1: MEASURED["old_old"]}
    with pytest.raises(ValueError, match="more than one row for each seed"):
        by_seed(table, "mAP", method="bct")
    with pytest.raises(ValueError, match="no row for each seed"):
        by_seed(table, "mAP", method="bct", share=0.123)


def test_methods_need_a_chosen_weight(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"no weight is chosen for bct, .*: rbcl-lite experiment sweep .* {SETTING}"):
        rollout.rollout(scale_name="smoke", folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_file_of_a_tiny_roll_out(tiny_world: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Job] = []
    monkeypatch.setattr(rollout, "run_jobs", jobs_here(done))
    monkeypatch.setitem(RATE, "tiny-test", 0.05)
    chosen = {"bct": 1.0}
    merge(result_path(SETTING, "tiny-test", tmp_path), lambda result: result.update(chosen=chosen))
    asked = {"methods": ("independent", "rotation", "bct"), "seeds": (0,), "scale_name": "tiny-test"}
    path = rollout.rollout(**asked, folder=tmp_path)
    assert path == tmp_path / "rollout-tiny-test.json" and len(done) == 3
    result = json.loads(path.read_text())
    assert (result["setting"], result["scale"]) == ("rollout", "tiny-test") and {"hardware", "date"} <= set(result)
    assert not stale_records(result) and isinstance(job_of(result, result["runs"][0]), RolloutJob)
    ends = {r["method"]: r["test"]["curves"]["random"]["mAP"] for r in result["runs"]}
    assert ends["rotation"][-1] == pytest.approx(ends["independent"][-1], abs=0.011)  # turned alike
    assert ends["rotation"][0] != ends["independent"][0]
    rollout.rollout(**asked, folder=tmp_path)
    assert len(done) == 3  # nothing is measured twice
    assert set(METHODS) >= set(asked["methods"])
