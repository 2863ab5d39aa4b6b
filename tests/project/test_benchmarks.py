"""The probe of a training step, which runs on this version of the package and on older ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_step_probe_times_what_it_finds(root: Path) -> None:
    options = ["--scale", "smoke", "--steps", "1", "--methods", "independent", "bct", "mixbct"]
    done = subprocess.run(
        [sys.executable, str(root / "benchmarks" / "step_probe.py"), *options],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert Path(said["package"]).samefile(root)
    rows = said["rows"]
    assert all(row["wall"] > 0 and row["cpu"] > 0 for row in rows.values())
    assert rows["bct"]["identity"] == pytest.approx(rows["independent"]["identity"], abs=1e-5)
    assert "identity" not in rows["mixbct"]  # it replaces that loss


def test_a_name_that_no_version_has_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    from step_probe import find

    assert find("nowhere:thing", "training.loop:train").__name__ == "train"
    with pytest.raises(ImportError, match="none of nowhere:thing"):
        find("nowhere:thing")


def test_what_batches_in_parts_cost_is_what_chapter_13_says(root: Path) -> None:
    means = json.loads((root / "benchmarks" / "results" / "large_batches.json").read_text())["parts"]["mean"]
    assert means["quarters"] < 0.6 * means["whole"] and means["quarters"] < means["halves"] < means["whole"]
