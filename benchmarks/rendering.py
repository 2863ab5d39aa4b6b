"""How fast the world is drawn: images per second by one and by two processes, for three sizes and three domains.

python benchmarks/rendering.py [--images 2880] [--repeats 3] [--workers 2]

First both ways must draw the same pictures. The start of the processes is part of every time.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from common import fix_threads, write_result
from numpy.typing import NDArray

from rbcl_lite.data.draw_many import MANY, draw_many
from rbcl_lite.data.world import DOMAINS, World

SIZES = ((64, 32), (128, 64), (256, 128))
TARGET = 400  # images per second at 128×64, by one process


def draw(world: World, images: int, repeat: int, workers: int) -> NDArray[np.uint8]:
    """Another ``repeat``, other images."""
    number = np.arange(images)
    indices = np.full(images, repeat)
    return draw_many(world, number % 500, number % world.cameras, indices, workers=workers, progress=False)


def measure(world: World, images: int, repeats: int, workers: int) -> dict[str, float]:
    """Images per second over ``repeats`` runs; one and several processes take turns.

    The wall clock counts what other programs take away; ``processor_median`` (the process's own time) does not.
    """
    rates: dict[str, list[float]] = {"one": [], "several": [], "processor": [], "ratio": []}
    for repeat in range(repeats):
        start = time.perf_counter(), time.process_time()
        draw(world, images, repeat, 1)
        middle = time.perf_counter()
        rates["one"].append(images / (middle - start[0]))
        rates["processor"].append(images / (time.process_time() - start[1]))
        draw(world, images, repeat, workers)
        rates["several"].append(images / (time.perf_counter() - middle))
        rates["ratio"].append(rates["several"][-1] / rates["one"][-1])
    summary = {
        "median": statistics.median(rates["one"]),
        "lowest": min(rates["one"]),
        "highest": max(rates["one"]),
        "processor_median": statistics.median(rates["processor"]),
        "several_median": statistics.median(rates["several"]),
    }
    return {name: round(rate, 1) for name, rate in summary.items()} | {
        "ratio": round(statistics.median(rates["ratio"]), 2)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2880, help=f"images in one run, at least {MANY}")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each size and domain")
    parser.add_argument("--seed", type=int, default=0, help="seed of the world")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args()
    if options.images < MANY:
        parser.error(f"--images must be at least {MANY}: fewer are drawn by one process")
    fix_threads(1)
    rows = []
    for size in SIZES:
        for domain in DOMAINS:
            world = World(domain, identities=500, seed=options.seed, size=size)
            first, second = (draw(world, MANY, 0, workers) for workers in (1, options.workers))
            assert np.array_equal(first, second), f"{options.workers} processes draw other pictures of {domain}"
            rates = measure(world, options.images, options.repeats, options.workers)
            rows.append({"height": size[0], "width": size[1], "domain": domain, "images": options.images, **rates})
            print(
                f"{size[0]:>4}×{size[1]:<4} {domain:8} {rates['median']:5.0f} images/s "
                f"({rates['lowest']:.0f} to {rates['highest']:.0f}; processor time {rates['processor_median']:.0f}), "
                f"{options.workers} processes {rates['several_median']:5.0f}, ratio {rates['ratio']:.2f}"
            )
    slowest = min(row["median"] for row in rows if row["height"] == 128)
    print(f"128×64, slowest domain: {slowest:.0f} images/s, {slowest / TARGET:.2f} times the wanted {TARGET}")
    values = {
        "unit": "images per second",
        "target_128x64": TARGET,
        "slowest_128x64": slowest,
        "workers": options.workers,
        "rates": rows,
    }
    write_result("rendering", {**values, "repeats": options.repeats}, seed=options.seed)


if __name__ == "__main__":
    main()
