"""Files written to a temporary name and moved, so that no reader ever sees half of one."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import platform
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` when the block ends, and goes when the
    block fails.

    A link stays and the file that it points to is replaced; a device or a pipe such as
    ``/dev/stdout`` is written to. What a killed process of this machine left of the same file goes
    too.

    Raises:
        OSError: nothing can be written there; the message names the path and the remedy.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "deep" / "a.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text(), len(list(target.parent.iterdir()))
    ('whole', 1)
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file")
    if target.exists() and not target.is_file():
        yield target
        return
    make_folder(target.parent)
    target = Path(os.path.realpath(target))
    stem = f"{target.name[:40]}.{zlib.crc32(os.fsencode(target.name) + platform.node().encode()):08x}"
    temporary = target.with_name(f"{stem}.{os.getpid()}.tmp")
    try:
        _remove_abandoned(target.parent, stem)
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else is in such a block for the same path, in any process; the lock lies beside it.

    Raises:
        OSError: the lock cannot be written; the message names the path and the remedy.
    """
    make_folder(path.parent)
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if they are not there.

    Raises:
        OSError: a file is in the way, or it cannot be made; the message names it and the remedy.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for place in (path, *path.parents):
            if os.path.exists(place) and not place.is_dir():
                raise NotADirectoryError(f"{place} is a file where a folder is needed; choose another place") from error
        raise _unwritable(path, error) from error


def _remove_abandoned(folder: Path, stem: str) -> None:
    """Remove temporary files whose writer, a process of this machine, was killed."""
    for left in folder.glob(f"{glob.escape(stem)}.*.tmp") if os.name == "posix" else ():
        pid = left.name.split(".")[-2]
        try:
            os.kill(int(pid), 0)  # asks whether it lives
        except (ProcessLookupError, OverflowError):
            left.unlink(missing_ok=True)
        except (PermissionError, ValueError):
            continue


def _unwritable(target: Path, error: OSError) -> OSError:
    """An error of the same kind that says what to do."""
    why = error.strerror or str(error)
    said = type(error)(f"{target} cannot be written ({why}); make room there, or choose another place")
    said.errno = error.errno
    return said


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write JSON whole."""
    write_text(path, json.dumps(value, indent=1, default=str) + "\n")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any] | None = None) -> None:
    """Write a safetensors file whole. ``note`` is stored as JSON in its header."""
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    write_safetensors(path, plain, {"note": json.dumps(note or {}, default=str)})


def write_safetensors(path: str | os.PathLike[str], tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write contiguous tensors on the CPU that share no memory, and metadata as they are, whole.

    Safetensors' own writer goes through a temporary file of a random name, which a killed process
    leaves for ever, and hides the errors of the system; its bytes do neither.
    """
    whole = save(tensors, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(whole)


def check_there(path: Path) -> None:
    """Make sure that there is a file of weights.

    Raises:
        FileNotFoundError: there is none; the message says how to make one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}; copy them there, or train a model with rbcl-lite train")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged.
    """
    check_there(path)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); copy it again from where it came, or train again") from error


def read_note(path: Path) -> dict[str, Any]:
    """The note that :func:`write_tensors` put into the header of a file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with safe_open(str(path), framework="pt") as f:
            return json.loads((f.metadata() or {}).get("note", "{}"))
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); copy it again from where it came, or train again") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
