"""How fast the world is drawn: images per second on one CPU thread, for three sizes and three domains.

python benchmarks/rendering.py [--images 960] [--repeats 5] [--out benchmarks/results/rendering.json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch

from rbcl_lite.data.world import DOMAINS, World

SIZES = ((64, 32), (128, 64), (256, 128))
TARGET = 400  # images per second at 128×64


def processor() -> str:
    """The processor's model name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def measure(domain: str, size: tuple[int, int], images: int, repeats: int, seed: int) -> dict[str, float]:
    """Images per second by the wall clock and by the processor's clock, over ``repeats`` runs of ``images``.

    Every run draws other images. The wall clock counts what other programs take; the processor's clock does not.
    """
    world = World(domain, identities=500, seed=seed, size=size)
    ids, cams = np.arange(images) % 500, np.arange(images) % world.cameras
    world.images(ids[:96], cams[:96], ids[:96])  # warm up
    wall, busy = [], []
    for repeat in range(repeats):
        start = time.perf_counter(), time.process_time()
        world.images(ids, cams, np.full(images, repeat))
        wall.append(images / (time.perf_counter() - start[0]))
        busy.append(images / (time.process_time() - start[1]))
    rates = {"median": statistics.median(wall), "lowest": min(wall), "highest": max(wall)}
    return {
        **{name: round(rate, 1) for name, rate in rates.items()},
        "processor_median": round(statistics.median(busy), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=960, help="images in one run (a quarter of it at 256×128)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each size and domain")
    parser.add_argument("--seed", type=int, default=0, help="seed of the world")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "rendering.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for size in SIZES:
        for domain in DOMAINS:
            images = max(96, options.images // (4 if size[0] == 256 else 1))
            rates = measure(domain, size, images, options.repeats, options.seed)
            rows.append({"height": size[0], "width": size[1], "domain": domain, "images": images, **rates})
            print(
                f"{size[0]:>4}×{size[1]:<4} {domain:8} {rates['median']:7.0f} images/s "
                f"({rates['lowest']:.0f} to {rates['highest']:.0f}; processor time {rates['processor_median']:.0f})"
            )
    native = [row["median"] for row in rows if row["height"] == 128]
    print(f"128×64, slowest domain: {min(native):.0f} images/s, {min(native) / TARGET:.2f} times the wanted {TARGET}")
    result = {
        "what": "images per second, one thread, wall clock unless said otherwise",
        "target_128x64": TARGET,
        "rates": rows,
        "repeats": options.repeats,
        "seed": options.seed,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hardware": {
            "processor": processor(),
            "logical_cores": os.cpu_count(),
            "threads_used": torch.get_num_threads(),
        },
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "system": platform.system(),
        },
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = options.out.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    temporary.replace(options.out)
    print(f"written: {options.out.name}", file=sys.stdout)


if __name__ == "__main__":
    main()
