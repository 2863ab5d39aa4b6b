"""How fast the world is drawn: images per second on one CPU thread, for three sizes and three domains.

python benchmarks/rendering.py [--images 960] [--repeats 5]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from common import fix_threads, write_result

from rbcl_lite.data.world import DOMAINS, World

SIZES = ((64, 32), (128, 64), (256, 128))
TARGET = 400  # images per second at 128×64


def measure(domain: str, size: tuple[int, int], images: int, repeats: int, seed: int) -> dict[str, float]:
    """Images per second over ``repeats`` runs of ``images``, every run with other images.

    The wall clock counts what other programs take away; ``processor_median`` (the process's own time) does not.
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
    rates["processor_median"] = statistics.median(busy)
    return {name: round(rate, 1) for name, rate in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=960, help="images in one run (a quarter of it at 256×128)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each size and domain")
    parser.add_argument("--seed", type=int, default=0, help="seed of the world")
    options = parser.parse_args()
    fix_threads(1)
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
    slowest = min(row["median"] for row in rows if row["height"] == 128)
    print(f"128×64, slowest domain: {slowest:.0f} images/s, {slowest / TARGET:.2f} times the wanted {TARGET}")
    values = {
        "unit": "images per second, one thread",
        "target_128x64": TARGET,
        "slowest_128x64": slowest,
        "rates": rows,
    }
    write_result("rendering", {**values, "repeats": options.repeats}, seed=options.seed)


if __name__ == "__main__":
    main()
