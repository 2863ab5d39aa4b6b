"""``train`` in two processes by a launcher, on crops; what it wrote, and what goes on without one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import own_crops
from own_crops import PATTERN, call

from rbcl_lite.runs.run import load_run

ROOT = Path(__file__).parents[2]
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


def launch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*TORCHRUN, "-m", "rbcl_lite", *map(str, arguments)]
    here = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=here)


def test_an_upgrade_in_two_processes(smoke, thirty_people, runs):
    """The new run: images and old vectors are prepared once, and one process writes."""
    old = own_crops.train(thirty_people, "--runs", runs)
    own = ("--data", thirty_people, "--pattern", PATTERN, *own_crops.MODEL, "--runs", runs)
    done = launch("train", *own, "--old", old, "--method", "rbcl", "--epochs", 2)
    assert done.returncode == 0, done.stderr
    said, folder = done.stdout.strip().splitlines()
    assert said.startswith("rbcl, backbone tiny, seed 0: trained in ")
    assert done.stderr.count("batch norm is not synchronised on a CPU: each of the 2 processes") == 1
    run = load_run(folder)
    assert json.loads((run.folder / "run.json").read_text())["processes"] == 2
    assert run.read_history()["loss"].notna().all() and len(run.read_history()) == 2
    assert not list(run.folder.glob("*.tmp")) and not (run.folder / "state.safetensors").exists()
    assert "mAP" in call("evaluate", old, run.folder)[0]
    again = call("train", *own, "--old", old, "--method", "rbcl", "--epochs", 2)
    assert "loaded, had been trained" in again[0] and Path(again[-1]) == run.folder


def test_other_commands_run_alone(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "of the commands only train runs in several processes" in own_crops.refused("methods")
