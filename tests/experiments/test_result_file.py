"""A result file: changed under a lock, whole or not at all."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from rbcl_lite.experiments.result_file import command_line, merge, read, result_path


def test_names() -> None:
    assert result_path("a", "laptop", Path("r")) == Path("r/a.json")
    assert result_path("a", "smoke", Path("r")) == Path("r/a-smoke.json")


def test_the_start_of_a_file(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == {"chosen": {}, "runs": []}
    merge(tmp_path / "deep" / "a.json", lambda result: result["runs"].append({"method": "ü"}))
    assert read(tmp_path / "deep" / "a.json") == {"chosen": {}, "runs": [{"method": "ü"}]}


def test_a_failed_change_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    merge(path, lambda result: result.update(chosen={"l2": 1.0}))

    def fail(result: dict[str, Any]) -> None:
        result["chosen"].clear()
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        merge(path, fail)
    assert json.loads(path.read_text())["chosen"] == {"l2": 1.0}


def test_no_record_is_lost_when_many_write(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    threads = [threading.Thread(target=merge, args=(path, lambda r, i=i: r["runs"].append(i))) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read(path)["runs"]) == list(range(12))


def test_the_command_as_a_reader_would_type_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quoted where it must be, and without the folder of this machine that it wrote to."""
    words = ["/somewhere/bin/rbcl-lite", "experiment", "sweep", "--out", "/a/b", "--setting", "a name"]
    monkeypatch.setattr("sys.argv", words)
    assert command_line() == "rbcl-lite experiment sweep --setting 'a name'"
    monkeypatch.setattr("sys.argv", ["rbcl-lite", "experiment", "sweep", "--out=/a/b"])
    assert command_line() == "rbcl-lite experiment sweep"
