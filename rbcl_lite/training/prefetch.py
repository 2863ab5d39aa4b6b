"""Prefetching: what the next step needs is made while the device computes this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def prefetch(items: Iterable[Item], make: Callable[[Item], Made], ahead: bool) -> Iterator[Made]:
    """``make(item)`` of each item, in order.

    Args:
        items: asked for in the caller's thread.
        make: with ``ahead`` it is called in another thread, for one item more than was asked for.
        ahead: False calls ``make`` when its turn has come, which is right where the caller computes
            on the same cores.

    >>> list(prefetch([1, 2, 3], lambda x: x * x, ahead=True))
    [1, 4, 9]
    """
    if not ahead:
        yield from map(make, items)
        return
    with ThreadPoolExecutor(1, "prefetch") as thread:
        waiting = None
        for item in items:
            following = thread.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
