"""What every benchmark needs: best-of-n timing, a record of the machine, and a result file that is never half-written.

>>> from common import best_of, write_result
>>> seconds = best_of({"ours": ours, "peer": peer}, repeats=5)
>>> write_result("ranking", {"seconds": seconds, "ratio": seconds["peer"] / seconds["ours"]}, seed=0)
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"


def fix_threads(threads: int = 1) -> None:
    """Give torch, BLAS and OpenMP the same number of threads, so that a comparison is fair."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def best_of(functions: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Shortest wall-clock seconds of each function, after one run for warm-up.

    The functions take turns, so that a busy moment of the machine does not fall on one of them alone.
    On a GPU, synchronise inside the function.
    """
    for function in functions.values():
        function()
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes; the difference around a call is what it added."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def environment(packages: Sequence[str] = ()) -> dict[str, Any]:
    """Versions, processor, threads, other load and date: what a reader needs to judge a time."""
    versions = {"python": platform.python_version()}
    for package in ("rbcl-lite", "torch", "numpy", *packages):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": [round(x, 1) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,  # 1, 5, 15 minutes
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def write_result(
    name: str,
    values: Mapping[str, Any],
    *,
    seed: int | None = None,
    packages: Sequence[str] = (),
    folder: Path = RESULTS,
) -> Path:
    """Write ``<name>.json`` into benchmarks/results with the environment beside the values, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {"benchmark": name, "seed": seed, **values, "environment": environment(packages)}
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        json.dump(record, file, indent=2)
        file.write("\n")
    target = folder / f"{name}.json"
    os.replace(temporary, target)
    os.chmod(target, 0o644)  # mkstemp's files are private
    return target
