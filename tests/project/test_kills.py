"""Ten of the benchmark's SIGKILLs, of every kind: nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the helpers of dead processes in /proc")
def test_ten_kills_lose_nothing(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(root / "benchmarks" / "kills.py"), "--out", str(tmp_path), "--count"]
    where = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    for count in (10, 0):  # the second call keeps what the first one found
        done = subprocess.run([*command, str(count)], env=where, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "kills.json").read_text())
    assert [row["number"] for row in result["kills"]] == list(range(10)) and result["lost"] == 0
    assert all(kind["kills"] for kind in result["kinds"].values()), "the first ten hold every kind"
    assert {row["how"] for row in result["kills"]} == {"time", "file"}
    assert os.listdir(tmp_path) == ["kills.json"]


def test_losses_are_noticed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark of reliability that could not fail would say nothing."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import kill_tasks
    import kills

    (tmp_path / "half.json").write_text('{"a": ')
    with pytest.raises(ValueError):
        kill_tasks.check_whole(tmp_path)
    (tmp_path / "half.json").unlink()
    shared = tmp_path / "shared"
    shared.mkdir()

    def work(folder: Path, _: Path) -> None:
        with open(folder / "record.json", "w") as file:  # not by way of a temporary file
            file.write("[1,")
        with open(folder / "other.json", "w") as file:
            file.write("[]")
        (folder / "record.json").write_text("[1, 2]")

    task = kill_tasks.Task(work, lambda folder: (folder / "record.json").read_text())
    whole = kills.Whole("[1, 2]", 1.0, 3)
    folder = tmp_path / "work"
    folder.mkdir()
    dead = kills.kill(task, whole, folder, shared, "file", 0.5)  # before the second file
    assert dead is not None and sorted(os.listdir(folder)) == ["record.json"]
    assert "Expecting value" in kills.what_is_lost(task, whole, folder, shared, dead)
    assert kills.kill(task, whole, folder, shared, "file", 5.0) is None, "it was over before"
    assert kills.difference({"a": [1, 2]}, {"a": [1, 3]}) == "at /a/1 2 instead of 3"
