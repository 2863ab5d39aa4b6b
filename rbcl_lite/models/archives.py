"""Archives of exported models: which format a file has, and whether a pickle lies in it."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Literal

import torch

Format = Literal["onnx", "torchscript", "pt2"]


def format_of(path: Path) -> Format | None:
    """The format of an exported model by the content of its file; None for a file that is none.

    Args:
        path: ONNX is known by its ending, archives of PyTorch by what they hold.

    Raises:
        ValueError: a pickled checkpoint (``torch.save``), which is never opened.
    """
    if path.suffix == ".onnx":
        return "onnx"
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if path.suffix in (".pth", ".pt", ".pkl") or file.read(2) in (b"\x80\x02", b"\x80\x04"):
                raise ValueError(_pickled(path))
        return None
    with zipfile.ZipFile(path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    if any(name.startswith("code/") for name in names):
        return "torchscript"
    if "archive_format" in names or any(name.startswith("serialized_") for name in archive.namelist()):
        return "pt2"
    raise ValueError(_pickled(path))


def check_program(path: Path) -> None:
    """Make sure that reading a ``.pt2`` archive executes no pickle.

    ``torch.export.load`` unpickles whatever an archive marks as pickled. A plain network needs none
    of that: its weights lie there as bytes, and its sample inputs are tensors.

    Raises:
        ValueError: something in it would be unpickled, or it is of a version that pickled its
            weights.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len({name.lower() for name in names}) < len(names):
            raise ValueError(f"{path} holds two files of one name; export the model again")
        if not any(name.endswith("/archive_format") for name in names):
            raise ValueError(f"{path} was written by a PyTorch that pickled weights; export it again, or as ONNX")
        for name in names:
            content = archive.read(name)
            if name.lower().endswith("_config.json"):
                entries = json.loads(content)["config"].values()
                bad = any(e.get("use_pickle") or not e["path_name"].startswith(("weight_", "tensor_")) for e in entries)
            elif name.lower().endswith((".pt", ".pkl")):
                bad = not _is_plain(content)
            else:
                bad = False
            if bad:
                raise ValueError(f"{path} holds a pickle ({name}), which is never executed; export the model as ONNX")


def _is_plain(content: bytes) -> bool:
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return False
    return True


def _pickled(path: Path) -> str:
    return (
        f"{path} is a pickled checkpoint, or damaged; a pickle can execute anything and is never opened. Export the "
        "model to ONNX where its code lies, or give its vectors by rbcl_lite.runs.old_function.OldFunction"
    )
