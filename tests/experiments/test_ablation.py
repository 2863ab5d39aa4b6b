"""The ablation at smoke scale: which runs it makes, what it writes, and that it does nothing twice."""

import json
from pathlib import Path

import pytest

from rbcl_lite.experiments.ablation import VARIANTS, ablation, variant
from rbcl_lite.experiments.freshness import stale
from rbcl_lite.experiments.settings import independent
from rbcl_lite.experiments.tables.runs import load_result, runs_table
from rbcl_lite.learners import ECN


def test_variants_differ_in_the_learner_alone() -> None:
    configs = {name: variant(name, 4, "laptop") for name in VARIANTS}
    assert len({c.key() for c in configs.values()}) == len(VARIANTS)
    full = configs["E+C+N"]
    for config in configs.values():
        assert (config.model, config.train, config.batch, config.method) == (
            full.model,
            full.train,
            full.batch,
            "independent",
        )
    assert configs["source-only"].images.data == "campus" and configs["source-only"].learner == "supervised"
    assert {c.images.data for n, c in configs.items() if n != "source-only"} == {"station"}


def test_full_variants_are_the_runs_of_the_sweeps() -> None:
    for name, setting in (("E+C+N", "cross-domain-ecn"), ("pseudo-labels", "cross-domain-pseudo-labels")):
        alone = independent(setting, 1, "laptop")
        assert variant(name, 1, "laptop").key() == alone.key().replace(alone.method, "independent", 1)


def test_options_are_what_the_names_say() -> None:
    parts = {"statistics": (), "E": "E", "E+C": "EC", "E+N": "EN", "E+C+N": "ECN"}
    for name, letters in parts.items():
        ecn = ECN(**variant(name).learner_options)
        on = (("E", ecn.exemplar), ("C", ecn.camera), ("N", ecn.neighbours))
        assert [letter for letter, used in on if used] == list(letters)


@pytest.mark.slow
def test_ablation_resumes_and_tables_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "cache"))
    settings = dict(seeds=(0,), workers=1, scale_name="smoke", folder=tmp_path, progress=False)
    some = ["source-only", "E+C", "pseudo-labels"]
    path = ablation(variants=some[:2], **settings)
    assert path.name == "unlabelled-station-smoke.json"
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache" / "runs").glob("*/run.json")}
    ablation(variants=some, **settings)
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in stamps.items())  # nothing was trained again

    result = load_result("unlabelled-station-smoke", tmp_path)
    assert {"versions", "hardware", "date", "commands"} <= set(result)
    table = runs_table(result)
    assert sorted(table["method"]) == sorted(some) and table["mAP"].between(0, 100).all()
    epochs = [sorted(r["epochs"]) for r in result["runs"] if r["method"] == "pseudo-labels"]
    assert epochs == [["clustered", "clusters"]]
    assert stale(tmp_path) == []

    result["runs"][0]["run"] = "independent-" + "0" * 16
    path.write_text(json.dumps(result))
    assert result["runs"][0]["method"] in stale(tmp_path)[0]


def test_unknown_variant_is_refused_before_the_first_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown variant 'E\+X'"):
        ablation(variants=["E", "E+X"], folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_result_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rbcl-lite experiment ablation"):
        load_result("unlabelled-station", tmp_path)
