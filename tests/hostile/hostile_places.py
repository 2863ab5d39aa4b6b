"""Table of places where nothing can be written or read: full disks, folders that nobody may change, damaged caches."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAIN = ("train", "--data", "{shop}", "--pattern", "{pattern}", "--height", "32", "--backbone", "tiny")
EVALUATE = ("evaluate", "{judge}", "--data", "{shop}")
RENDER = ("render", "--people", "2", "--out", "{here}/sheet.png")
ROOM = "cannot be written (File too large); make room there, or choose another place"
DENIED = "cannot be written (Permission denied); make room there, or choose another place"


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file grows over so many bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def a_user() -> Iterator[None]:
    """Permissions hold, for root too: this thread lays down the capabilities that pass them over."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, data):
        raise OSError(ctypes.get_errno(), "capget")
    before = data[0]
    data[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    libc.capset(header, data)
    try:
        yield
    finally:
        data[0] = before
        libc.capset(header, data)


@dataclass(frozen=True)
class Place:
    """What is wrong with a place, the command that meets it, and what is said.

    Args:
        command: with the names of places in braces.
        said: by an error; or what stands among the lines of output, if ``works``.
        arrange: gets the places by their names.
        within: what holds while the command runs.
        works: the command ends well.
        cache: what RBCL_CACHE is set to.
        warned: by a warning of a command that works.
    """

    command: tuple[str, ...]
    said: str
    arrange: Callable[[dict[str, Path]], object] = lambda places: None
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    works: bool = False
    cache: str = "{cache}"
    warned: str = ""


def closed(name: str, mode: int = 0o555) -> Callable[[dict[str, Path]], object]:
    """A folder or a file whose owner may only read, or not even that."""

    def close(places: dict[str, Path]) -> None:
        places[name].mkdir(exist_ok=True) if not places[name].exists() else None
        places[name].chmod(mode)

    return close


def spoil(pattern: str, content: bytes) -> Callable[[dict[str, Path]], object]:
    """Damage what a first command has left in the cache."""

    def damage(places: dict[str, Path]) -> None:
        found = sorted(places["cache"].glob(pattern))
        assert found, pattern
        for path in found:
            path.write_bytes(content)

    return damage


PLACES: dict[str, Place] = {
    "cache is a file": Place(EVALUATE, "RBCL_CACHE names {file}, which is a file; set it to a folder", cache="{file}"),
    "cache is below a file": Place(EVALUATE, "{file} is a file where a folder is needed", cache="{file}/deep"),
    "cache from home": Place(EVALUATE, "mAP in per cent", works=True, cache="~/.rbcl"),
    "cache without a name": Place(EVALUATE, "mAP in per cent", works=True, cache=""),
    "disk full while decoding": Place(
        EVALUATE, ".npy cannot be written (@ is the disk full?); make room", within=lambda: full_disk(20_000)
    ),
    "disk full while training": Place(
        (*TRAIN, "--runs", "{runs}"), f"state.safetensors {ROOM}", lambda p: p["first"](), lambda: full_disk(20_000)
    ),
    "disk full while drawing": Place(RENDER, f"sheet.png {ROOM}", within=lambda: full_disk(5_000)),
    "disk full beside a result": Place(
        (*EVALUATE, "--json", "{here}/a.json"),
        f"a.json {ROOM}",
        within=lambda: full_disk(0),
        arrange=lambda p: p["first"](),
    ),
    "runs where nobody may write": Place(
        (*TRAIN, "--runs", "{runs}"), "{runs}@" + DENIED, arrange=closed("runs"), within=a_user
    ),
    "a finished run where nobody may write": Place(
        (*TRAIN, "--runs", "{runs}"),
        "loaded, had been trained",
        arrange=lambda p: (p["train"](), closed("runs")(p)),
        within=a_user,
        works=True,
    ),
    "a deployed run where nobody may write": Place(EVALUATE, "mAP", arrange=closed("judge"), within=a_user, works=True),
    "cache where nobody may write": Place(EVALUATE, "{cache}@" + DENIED, arrange=closed("cache"), within=a_user),
    "result where nobody may write": Place(
        ("render", "--people", "1", "--out", "{folder}/a.png"), DENIED, arrange=closed("folder"), within=a_user
    ),
    "an image that nobody may read": Place(EVALUATE, "p03_c0_0.png", arrange=closed("image", 0), within=a_user),
    "a table that nobody may read": Place(
        (*EVALUATE, "--table", "{table}"), "Permission denied: '{table}'", arrange=closed("table", 0), within=a_user
    ),
    "a folder that nobody may open": Place(EVALUATE, "Permission denied", arrange=closed("shop", 0), within=a_user),
    "half an array": Place(
        EVALUATE,
        "mAP in per cent",
        arrange=lambda p: (p["first"](), spoil("arrays/*.npy", b"\x93NUMPY\x01\0v\0{'descr")(p)),
        works=True,
        warned="is damaged (",
    ),
    "an array of 0 bytes": Place(
        EVALUATE,
        "mAP in per cent",
        arrange=lambda p: (p["first"](), spoil("arrays/*.npy", b"")(p)),
        works=True,
        warned="and is made again",
    ),
    "digests that are no object": Place(
        (*TRAIN, "--runs", "{runs}"),
        "loaded, had been trained",
        arrange=lambda p: (p["remember"](), p["train"](), spoil("digests/*.json", b'["a"]')(p)),
        works=True,
    ),
}
"""What is said stands there with the places' names in braces; where it holds something else, an @ stands."""
