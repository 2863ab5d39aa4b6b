"""Hostile inputs through the real command line: one message on stderr, a status, and no traceback."""

from __future__ import annotations

import functools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_runs import RUNS
from hostile_tools import contents

pytestmark = pytest.mark.slow


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rbcl_lite", *map(str, arguments)]
    root = str(Path(__file__).parents[2])
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}, **options)


def disk_full() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))


@pytest.mark.parametrize(
    ("arguments", "prepare", "message"),
    [
        (("evaluate", "{run}"), RUNS["pickle of torch"][0], "model.safetensors is damaged ("),
        (("render", "--people", "1", "--out", "{run}/sheet.png"), disk_full, "sheet.png cannot be written ("),
    ],
)
def test_one_message(
    arguments: tuple[str, ...], prepare: Callable[..., object], message: str, judge: Path, tmp_path: Path
) -> None:
    place = tmp_path / "deployed"
    place.mkdir()
    for name, content in contents(judge).items():
        if "/" not in name:
            (place / name).write_bytes(content)
    if prepare is not disk_full:
        prepare(place)
    before = contents(place)
    options = {"preexec_fn": disk_full} if prepare is disk_full else {}
    done = run(*(a.replace("{run}", str(place)) for a in arguments), **options)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.splitlines()[-1].startswith("rbcl-lite: ") and message in done.stderr
    assert contents(place) == before


def test_ctrl_c_is_no_fault(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "rbcl_lite", "train", "--data", "campus", "--epochs", "999999"]
    env = {**os.environ, "PYTHONPATH": root, "RBCL_CACHE": str(tmp_path), "RBCL_SCALE": "smoke"}
    # whoever runs the tests in the background may have told them, and so their children, to ignore Ctrl-C
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=listen) as process:
        end = time.monotonic() + 120
        while not list(tmp_path.rglob("state.safetensors")) and time.monotonic() < end:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 130 and "Traceback" not in said
    assert said.splitlines()[-1] == "rbcl-lite: stopped; the same command goes on from what was kept"
