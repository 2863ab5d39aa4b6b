"""Runs: trained once, loaded the next time, shared by processes, resumed after a kill."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_runs import LONG, NEW, OLD, equal, weights

from rbcl_lite.base.files import read_note
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load

# Another process that trains LONG in one folder and then in another, step by step slowly enough to be met half-way.
CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest, small_runs
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.base.scale import SCALES
from rbcl_lite.runs.run_or_load import run_or_load

SCALES[conftest.TINY.name] = conftest.TINY
for pause, folder in zip((0.02, 600), sys.argv[1:]):  # the second run stops in its last epoch and is never complete
    Supervised.after_step = lambda self, batch: time.sleep(pause if batch.progress > 0.9 else 0.02)
    print(run_or_load(small_runs.LONG, folder=Path(folder)).loaded, flush=True)
"""


def wait_for(condition, process, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the other process ended early"
        assert time.monotonic() < end, "the other process is too slow"
        time.sleep(0.01)


def test_the_second_call_loads(new, folder):
    again = run_or_load(NEW, folder=folder)
    assert not new.loaded and again.loaded and again.folder == new.folder
    assert again.seconds == new.seconds and "loaded" in str(again) and "loaded" not in str(new)
    assert equal(weights(new), weights(again))
    assert again.read_history().equals(new.read_history()) and len(new.read_history()) == 1
    assert load_run(new.folder).config == NEW and load_run(str(new.folder)).loaded


def test_the_old_run_is_made_and_shared(new, folder):
    assert sorted(p.name.split("-")[0] for p in folder.iterdir() if p.is_dir())[:2] == ["bct", "independent"]
    old = run_or_load(OLD, folder=folder)
    assert old.loaded and old.load_model().config.num_classes == 6 and old.load_model().config.dim == 8


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_another_process_trains_and_another_is_killed(tmp_path):
    (tmp_path / "child.py").write_text(CHILD.format(tests=str(Path(__file__).parents[1])))
    first, second = tmp_path / "first", tmp_path / "second"
    command = [sys.executable, tmp_path / "child.py", first, second]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            # both ask for the same run: this process waits for the other, which has passed its first epoch
            wait_for((first / LONG.key() / "state.safetensors").exists, process)
            whole = run_or_load(LONG, folder=first)
            assert whole.loaded and process.stdout.readline() == "False\n"

            # SIGKILL at any moment of the later epochs, of which each takes 0.24 s at least
            state = second / LONG.key() / "state.safetensors"
            wait_for(state.exists, process)
            time.sleep(random.uniform(0, 0.8))
            assert process.poll() is None
        finally:
            process.kill()
    done = len(read_note(state)["rows"])
    assert 1 <= done < 6 and not (state.parent / "run.json").exists()
    # the same command again: a new process, as the first one was
    again = subprocess.run([*command[:2], second], capture_output=True, text=True, check=True)
    assert again.stdout == "False\n" and not state.exists()
    resumed = run_or_load(LONG, folder=second)
    assert equal(weights(whole), weights(resumed))
    assert resumed.read_history().loss.tolist() == whole.read_history().loss.tolist()
