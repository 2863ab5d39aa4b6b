"""Drawing of many images: with a progress bar, in several processes where that is faster."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from rbcl_lite.base.children import end_with_parent
from rbcl_lite.base.progress import bar
from rbcl_lite.data.world import Pictures, World

MANY = 1000  # images; fewer are drawn without a progress bar, and before another process has started


def draw_many(
    world: World, ids: ArrayLike, cams: ArrayLike, indices: ArrayLike, *, workers: int = 1, progress: bool | None = None
) -> Pictures:
    """Draw images, as :meth:`World.images <rbcl_lite.data.world.World.images>` does.

    Every task is one chunk, drawn with one thread: several processes draw what one draws, to the
    last bit.

    Args:
        world: whose images. On a card this process draws alone, whatever ``workers`` says.
        ids, cams, indices: [N] see :meth:`World.images <rbcl_lite.data.world.World.images>`.
        workers: processes that draw, this one among them, from 1,000 images on. The others start in
            a second or two, import this package only (never the caller's script) and end with the
            call.
        progress: show a progress bar: True, False, or None for a bar on a terminal above 1,000
            images.

    Returns:
        [N, H, W, 3] uint8 RGB.

    Raises:
        ValueError: images that do not exist, or fewer than one worker.

    >>> draw_many(World("campus", identities=4), [0, 3], [1, 1], [0, 0]).shape
    (2, 128, 64, 3)
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    keys = np.stack(world.check(ids, cams, indices))
    count = keys.shape[1]
    parts = [slice(start, start + world.chunk) for start in range(0, count, world.chunk)]
    out = np.empty((count, *world.size, 3), np.uint8)
    alone = workers == 1 or count < MANY or world.device.type != "cpu" or _is_daemon()
    shown = progress if progress is not None or count > MANY else False
    with bar(total=count, desc=f"drawing {world.domain}", enabled=shown) as moved, _one_thread():

        def put(part: slice, pictures: Pictures) -> None:
            out[part] = pictures
            moved.update(len(pictures))

        if alone:
            for part in parts:
                put(part, world.images(*keys[:, part]))
        else:
            _share(world, keys, parts, workers - 1, put)
    return out


def _share(
    world: World, keys: NDArray[np.int64], parts: list[slice], helpers: int, put: Callable[[slice, Pictures], None]
) -> None:
    """Draw from the last part backwards while ``helpers`` processes start and draw from the first
    part onwards.
    """
    recipe = (world.domain, world.identities, world.seed, world.size)
    with ProcessPoolExecutor(helpers, multiprocessing.get_context("spawn"), _begin) as pool:
        try:
            with _main_hidden():  # a process starts when it gets its first task
                waiting = {pool.submit(_draw, recipe, keys[:, part]): part for part in parts}
            for future, part in reversed(list(waiting.items())):
                if future.cancel():  # nobody has begun it
                    del waiting[future]
                    put(part, world.images(*keys[:, part]))
                for done in [future for future in waiting if future.done()]:
                    put(waiting.pop(done), done.result())
            for done in as_completed(waiting):
                put(waiting.pop(done), done.result())
        except BaseException:  # Ctrl-C too: end after the few parts that are on their way
            pool.shutdown(cancel_futures=True)
            raise


def _is_daemon() -> bool:
    """Whether this process may have no children."""
    return multiprocessing.current_process().daemon


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch on one thread: how many there are decides how the last bit of a float is rounded."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Start processes without the caller's script, which multiprocessing would run again in each of
    them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin() -> None:
    """Set up a drawing process: one thread; Ctrl-C is the parent's affair; no life after the
    parent.
    """
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


@lru_cache(maxsize=1)
def _world(domain: str, identities: int, seed: int, size: tuple[int, int]) -> World:
    return World(domain, identities, seed, size)


def _draw(recipe: tuple[str, int, int, tuple[int, int]], keys: NDArray[np.int64]) -> Pictures:
    """One task of a drawing process."""
    return _world(*recipe).images(*keys)
