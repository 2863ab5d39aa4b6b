"""200 SIGKILLs at random moments: of training with every learner, drawing, decoding, saving, sweeping, result files.

Each kill is one process that works in an empty folder and dies: half of them after a random share of the time that the
work takes, half of them just before a random one of its operations on files, where most could go wrong. Then

1. every file with a final name is read from the first to the last byte;
2. no helper of the dead process lives on;
3. another process does the same work in the same folder, and ends in the same weights and files as one that nobody
   killed, without leaving a temporary file.

Whatever fails is counted as lost and described. Kind, moment and way of every kill follow from the seed and its number.
Processes are forked, one at a time, from one that has imported everything.

Run: python benchmarks/kills.py [--count 50]      (the next 50 of the 200; all that are missing by default)
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from common import RESULTS, write_result
from kill_tasks import TASKS, Task, check_whole, prepare

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.progress import bar

KILLS, SEED = 200, 0
ROUND = (
    *("supervised", "ecn", "pseudo-labels", "rendering", "decoding", "saving", "result file", "sweep"),
    *("supervised", "ecn", "pseudo-labels", "rendering", "decoding", "saving", "result file"),
    *("supervised", "ecn", "pseudo-labels", "saving", "sweep"),
)
"""Twenty kills; the first ten hold every kind."""
PATIENCE = 120.0
"""Seconds within which helpers of a dead process must have ended: one that was only begun imports torch before it can
notice, which takes long on a busy machine."""
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.truncate"}


class Whole(NamedTuple):
    """A work that nobody killed: what it ended in, how long it took, and its operations on files."""

    result: Any
    seconds: float
    operations: int


def on_operations(folder: Path, act: Callable[[int], None]) -> None:
    """Call ``act`` with its number before each operation of this process that changes something in a folder."""
    count, inside = 0, str(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in CHANGES) and str(arguments[0]).startswith(inside):
            count += 1
            act(count)

    sys.addaudithook(hook)


def body(task: Task, folder: Path, shared: Path, last: int | None, said: Connection) -> None:
    """What the process does: the work, until the operation on files with the number ``last``."""
    os.setsid()  # its helpers can be found by the group
    seen = [0]

    def act(number: int) -> None:
        seen[0] = number
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    on_operations(folder, act)
    try:
        task.work(folder, shared)
        said.send(seen[0])
    except BaseException:
        said.send(traceback.format_exc())
        raise


def begin(task: Task, folder: Path, shared: Path, last: int | None = None) -> tuple[Any, Connection]:
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=body, args=(task, folder, shared, last, there))
    process.start()
    there.close()
    return process, here


def finish(task: Task, folder: Path, shared: Path) -> Whole:
    """Do the work, or what is left of it, in a process that nobody kills.

    Raises:
        RuntimeError: it failed; with its traceback.
    """
    started = time.perf_counter()
    process, said = begin(task, folder, shared)
    message = said.recv()
    process.join()
    if not isinstance(message, int):
        raise RuntimeError(message)
    return Whole(task.result(folder), time.perf_counter() - started, message)


def kill(task: Task, whole: Whole, folder: Path, shared: Path, how: str, share: float) -> int | None:
    """Begin the work and kill it; the number of the process, or None if it was over before."""
    last = 1 + int(share * whole.operations) if how == "file" else None
    process, _ = begin(task, folder, shared, last)
    process.join(None if last else share * whole.seconds)
    if process.is_alive():
        process.kill()  # this process alone: its helpers must notice
    process.join()
    return process.pid if process.exitcode == -signal.SIGKILL else None


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def helpers_left(group: int) -> int:
    """How many processes of a dead one's group do not end; they are ended then."""
    end = time.monotonic() + PATIENCE
    while (left := members(group)) and time.monotonic() < end:
        time.sleep(0.05)
    if left:
        os.killpg(group, signal.SIGKILL)
    return len(left)


def attempt(number: int, whole: Whole, shared: Path) -> dict[str, Any]:
    """One kill, and everything that is checked after it."""
    kind = ROUND[number % len(ROUND)]
    task, r = TASKS[kind], np.random.default_rng([SEED, number])
    how = "time" if r.random() < 0.5 else "file"
    while True:
        share = float(r.random())
        with tempfile.TemporaryDirectory(dir=shared) as name:
            folder = Path(name)
            dead = kill(task, whole, folder, shared, how, share)
            if dead is not None:
                lost = what_is_lost(task, whole, folder, shared, dead)
                return {"number": number, "kind": kind, "how": how, "share": round(share, 4), "lost": lost}


def what_is_lost(task: Task, whole: Whole, folder: Path, shared: Path, dead: int) -> str:
    """What went wrong after a kill; nothing, as it should be."""
    left = helpers_left(dead)
    if left:
        return f"{left} helpers of the dead process live on"
    try:
        check_whole(folder)
        after = finish(task, folder, shared).result
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if after != whole.result:
        return f"it ends in another result: {difference(after, whole.result)}"
    temporary = [path.name for path in folder.rglob("*.tmp")]
    return f"temporary files stay: {temporary}" if temporary else ""


def difference(a: Any, b: Any, where: str = "") -> str:
    """The first place in which two results differ."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return next((d for k in a if (d := difference(a[k], b[k], f"{where}/{k}"))), "")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next((d for i, pair in enumerate(zip(a, b)) if (d := difference(*pair, f"{where}/{i}"))), "")
    return "" if a == b else f"at {where or '/'} {a} instead of {b}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=KILLS, help="so many of the missing kills")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of kills.json")
    given = parser.parse_args()
    torch.set_num_threads(1)
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"  # of what a dead process did not give back
    code, file = fingerprint(), given.out / "kills.json"
    before = json.loads(file.read_text()) if file.exists() else {}
    rows = before["kills"] if before.get("code") == code else []
    todo = [n for n in range(KILLS) if n not in {row["number"] for row in rows}][: given.count]
    wholes: dict[str, Whole] = {}
    with tempfile.TemporaryDirectory() as name:
        shared = Path(name)
        if todo:
            prepare(shared)
        for number in bar(todo, desc="kills"):
            kind = ROUND[number % len(ROUND)]
            if kind not in wholes:
                with tempfile.TemporaryDirectory(dir=shared) as folder:
                    wholes[kind] = finish(TASKS[kind], Path(folder), shared)
            rows = sorted([*rows, attempt(number, wholes[kind], shared)], key=lambda row: row["number"])
            write_result("kills", summary(rows, code), seed=SEED, folder=given.out)
    lost = [row for row in rows if row["lost"]]
    print(f"{len(rows)} of {KILLS} kills, {len(lost)} with a loss")
    for row in lost:
        print(f"  {row['number']} {row['kind']}, at {row['share']:.0%} by {row['how']}: {row['lost']}")
    print(f"wrote {file}")
    if lost:
        raise SystemExit(1)


def summary(rows: list[dict[str, Any]], code: str) -> dict[str, Any]:
    """The counts, and each kill."""
    kinds = Counter(row["kind"] for row in rows)
    by_file = Counter(row["kind"] for row in rows if row["how"] == "file")
    lost = Counter(row["kind"] for row in rows if row["lost"])
    table = {kind: {"kills": kinds[kind], "at_a_file": by_file[kind], "lost": lost[kind]} for kind in TASKS}
    return {
        "planned": KILLS,
        "done": len(rows),
        "lost": sum(lost.values()),
        "code": code,
        "kinds": table,
        "kills": rows,
    }


if __name__ == "__main__":
    main()
