"""The four numbers of an upgrade, from runs and from vectors that somebody stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_runs import NEW, OLD

from rbcl_lite.base.scale import Scale
from rbcl_lite.experiments.measure import cross_test_runs, measure, scores, seen_people
from rbcl_lite.features import Features
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.people import TrainedOn
from rbcl_lite.runs.run import Run
from rbcl_lite.runs.run_or_load import open_old, run_or_load


@pytest.fixture(scope="module")
def runs(tiny_world: Scale, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    folder = tmp_path_factory.mktemp("measured")
    return run_or_load(OLD, folder=folder), run_or_load(NEW, folder=folder)


@pytest.mark.parametrize("part", ["test", "validation"])
def test_scores_are_those_of_the_rankings(runs: tuple[Run, Run], part: str) -> None:
    old, new = runs
    found = scores(measure(old, new, part))
    held_out = NEW.splits().held_out(part)
    sides = [(run.extract(held_out.query), run.extract(held_out.gallery)) for run in runs]
    expected = {
        "old_old": evaluate_ranking(*sides[0]),
        "new_old": evaluate_ranking(sides[1][0].fit(8), sides[0][1]),
        "new_new": evaluate_ranking(*sides[1]),
    }
    for name, result in expected.items():
        assert found[name] == round(100 * result.mAP, 2) and found[f"{name}_rank1"] == round(100 * result.rank(1), 2)
    matrix = cross_test_runs(runs, part).to_numpy()
    assert matrix[0, 0] == pytest.approx(expected["old_old"].mAP)
    assert matrix[1].tolist() == pytest.approx([expected["new_old"].mAP, expected["new_new"].mAP])


def test_stored_vectors_are_measured_like_the_model_they_came_from(runs: tuple[Run, Run], tmp_path: Path) -> None:
    old, new = runs
    held_out = NEW.splits().test
    stored = Features.concat([old.extract(held_out.gallery), old.extract(held_out.query)])
    given = GivenOld.at(stored.save(tmp_path / "gallery.safetensors"))
    assert scores(measure(open_old(given), new)) == scores(measure(old, new))
    with pytest.raises(ValueError, match="has no vector of"):
        measure(open_old(given), new, "validation")


def test_a_given_folder_is_measured_like_its_run(runs: tuple[Run, Run]) -> None:
    old, new = runs
    assert scores(measure(open_old(GivenOld.at(old.folder)), new)) == scores(measure(old, new))


def test_an_unknown_part_is_refused(runs: tuple[Run, Run]) -> None:
    with pytest.raises(ValueError, match="unknown part 'train': choose validation or test"):
        measure(*runs, part="train")
    assert replace(NEW, old=None).key() != NEW.key()


def test_people_whom_a_run_was_trained_on_are_found_and_left_out(runs: tuple[Run, Run]) -> None:
    old, new = runs
    for part in ("test", "validation"):
        assert seen_people(runs, NEW, part) == set()
    unseen = replace(old, trained_on=None)  # an older version kept no record
    held_out = NEW.splits().test
    names = [f"campus/3/{i}" for i in held_out.gallery.classes]
    leak = replace(new, trained_on=TrainedOn((*new.trained_on.people, names[0], "campus/3/99", "street/3/1")))
    assert seen_people([unseen, leak], NEW, "test") == {names[0]}
    assert seen_people([unseen, leak], NEW, "validation") == set()
    kept = [i for i in held_out.gallery.classes if f"campus/3/{i}" != names[0]]
    query, gallery = (new.extract(side.select(kept)) for side in (held_out.query, held_out.gallery))
    matrix = cross_test_runs(runs, without={names[0]}).to_numpy()
    assert matrix[1, 1] == pytest.approx(evaluate_ranking(query, gallery).mAP)
    with pytest.raises(ValueError, match="nothing is left to measure on"):
        cross_test_runs(runs, without=names)
