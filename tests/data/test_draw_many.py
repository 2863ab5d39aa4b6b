"""Many images at once: what several processes draw, how they start and how they end."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch

from rbcl_lite.data import draw_many as module
from rbcl_lite.data.draw_many import draw_many
from rbcl_lite.data.world import World

KEYS = [np.arange(130) % 9, np.arange(130) % 6, np.arange(130) // 3]  # three chunks: 48, 48 and 34
SCRIPT = """
import numpy as np
from rbcl_lite.data import draw_many as module
from rbcl_lite.data.world import World
print("ran", flush=True)
module.MANY = 10
n = np.arange({count})
pictures = module.draw_many(World("campus", 9, size=(16, 8)), n % 9, n % 6, n, workers=2)
print("drew", len(pictures), flush=True)
"""


@pytest.fixture
def world() -> World:
    return World("station", identities=9, size=(32, 16))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes even for a few images."""
    monkeypatch.setattr(module, "MANY", 1)


class Spy:
    """A progress bar that remembers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[bool | None] = []
        self.moves: list[int] = []
        monkeypatch.setattr(module, "bar", self._bar)

    def _bar(self, *, enabled: bool | None, **_: object) -> Spy:
        self.asked.append(enabled)
        return self

    def __enter__(self) -> Spy:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: int) -> None:
        self.moves.append(n)


def test_one_process_draws_what_the_world_draws_whatever_the_threads(world: World) -> None:
    expected = world.images(*KEYS)
    torch.set_num_threads(2)
    try:
        assert np.array_equal(draw_many(world, *KEYS), expected)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_two_processes_draw_the_same_to_the_last_bit_and_the_bar_moves(
    world: World, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for workers in (1, 2):
        spy = Spy(monkeypatch)
        assert np.array_equal(draw_many(world, *KEYS, workers=workers, progress=True), world.images(*KEYS))
        assert sorted(spy.moves) == [34, 48, 48] and spy.asked == [True]


def test_bar_only_above_a_thousand_images(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    monkeypatch.setattr(World, "images", lambda self, ids, cams, indices: np.zeros((len(ids), 32, 16, 3), np.uint8))
    for count, wanted in ((1000, None), (1001, None), (1001, False), (3, True)):
        draw_many(world, [0] * count, [0] * count, [0] * count, progress=wanted)
    assert spy.asked == [False, None, False, True]  # None: where somebody watches a terminal


def test_few_images_start_no_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ProcessPoolExecutor", lambda *a: pytest.fail("started processes"))
    assert draw_many(world, [1], [2], [3], workers=2).shape == (1, 32, 16, 3)
    assert draw_many(world, [], [], [], workers=2).shape == (0, 32, 16, 3)


def test_refused(world: World) -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        draw_many(world, [0], [0], [0], workers=0)
    with pytest.raises(ValueError, match="ids 9 does not exist"):
        draw_many(world, [9], [0], [0], workers=2)


def _nested() -> int:
    module.MANY = 1
    return int(draw_many(World("station", identities=9, size=(32, 16)), *KEYS, workers=2).sum())


@pytest.mark.slow
def test_inside_a_worker_of_a_pool(world: World) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(_nested).result() == world.images(*KEYS).sum()


def test_inside_a_daemon_one_process_draws(world: World) -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_nested) == world.images(*KEYS).sum()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["script", "stdin"])
def test_the_callers_script_runs_once(how: str, tmp_path) -> None:
    """Without ``if __name__ == "__main__"``, as a beginner writes it, or from a pipe, as a notebook runs it."""
    code = SCRIPT.format(count=130)
    (tmp_path / "script.py").write_text(code)
    command = [sys.executable, str(tmp_path / "script.py") if how == "script" else "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["ran", "drew", "130"], done.stderr
    assert done.returncode == 0


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="looks for child processes in /proc")
@pytest.mark.parametrize(
    ("stop", "everybody"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)]
)
def test_processes_end_with_the_caller(stop: signal.Signals, everybody: bool) -> None:
    """Ctrl-C goes to all processes of a terminal, a signal of a program to one; both stop all of them."""
    command = [sys.executable, "-c", SCRIPT.format(count=60_000)]
    # whoever runs the tests in the background may have told them, and so their children, to ignore Ctrl-C
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    caller = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=listen
    )
    try:
        assert caller.stdout is not None and caller.stdout.readline() == b"ran\n"
        deadline = time.time() + 30
        while len(workers := _children(caller.pid)) < 2 and time.time() < deadline:  # a helper, and one that tidies up
            time.sleep(0.1)
        time.sleep(4)  # they draw
        assert len(workers) == 2
        (os.killpg if everybody else os.kill)(caller.pid, stop)
        assert caller.wait(timeout=180) != 0
        deadline = time.time() + 90  # on a busy machine too
        while any(_lives(pid) for pid in workers) and time.time() < deadline:
            time.sleep(0.1)
        assert not any(_lives(pid) for pid in workers)
    finally:
        if caller.poll() is None:
            os.killpg(caller.pid, signal.SIGKILL)


@pytest.mark.gpu
def test_a_card_draws_the_same_within_two_grey_levels(world: World) -> None:
    card = World("station", identities=9, size=(32, 16), device="cuda")
    assert card.chunk == 256
    ours, theirs = draw_many(world, *KEYS).astype(int), draw_many(card, *KEYS, workers=2).astype(int)
    assert np.abs(ours - theirs).max() <= 2
