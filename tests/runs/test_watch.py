"""New/old and new/new on validation people after every epoch."""

from dataclasses import replace

import pytest
from small_runs import NEW, equal, weights

from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.run_or_load import open_old, run_or_load


@pytest.fixture(scope="module")
def watched(tiny_world, folder):
    return run_or_load(replace(NEW, watch=True, train=replace(NEW.train, epochs=2)), folder=folder)


def test_the_last_epoch_is_the_finished_model(watched, folder):
    history = watched.read_history()
    assert history["epoch"].tolist() == [0, 1] and history[["new_old", "new_new"]].notna().all().all()
    query, own = (watched.features("validation", which) for which in ("query", "gallery"))
    gallery = open_old(NEW.old, False, folder).extract(NEW.splits().validation.gallery)
    expected = 100 * evaluate_ranking(query.fit(8), gallery).mAP, 100 * evaluate_ranking(query, own).mAP
    assert tuple(history[["new_old", "new_new"]].iloc[-1]) == pytest.approx(expected, abs=1e-3)


def test_watching_changes_no_weight(watched, folder):
    plain = run_or_load(replace(watched.config, watch=False), folder=folder)
    assert equal(weights(plain), weights(watched))
    assert plain.read_history()["loss"].tolist() == watched.read_history()["loss"].tolist()
    assert "new_old" not in plain.read_history()


def test_a_given_old_model_is_watched_too(watched, folder, tmp_path):
    old = open_old(NEW.old, False, folder)
    run = run_or_load(replace(watched.config, old=GivenOld.at(old.folder)), folder=tmp_path)
    assert run.read_history()["new_old"].tolist() == pytest.approx(watched.read_history()["new_old"].tolist())


def test_an_independent_run_is_watched_against_its_old_model(folder, watched):
    run = run_or_load(replace(watched.config, method="independent"), folder=folder)
    assert run.read_history()["new_old"].notna().all()
