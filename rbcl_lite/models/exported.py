"""Exported model: a file that is run as it is, whatever framework it came from."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.models.archives import check_program, format_of
from rbcl_lite.models.embedder import MEAN, STD

ABOUT = "rbcl_lite.json"
"""Name of the metadata in a file: a JSON object."""
WHERE = "(train --old --old-{0}, extract --{0})"
Pixels = Literal["uint8", "0-255", "0-1", "imagenet"]
"""What a file reads: bytes, or floating-point numbers of that range, or these minus ImageNet's mean by
its deviation.
"""


@dataclass(frozen=True)
class Opened:
    """A file that was opened, before anything is known of its pixels.

    Args:
        run: from images [B, 3, H, W] to vectors [B, D].
        about: its metadata; empty for a file that another program wrote.
        shape: of its input, None for what may vary; empty where the format does not say.
        bytes: whether it reads uint8; None where the format does not say.
    """

    run: Callable[[Tensor], Tensor]
    about: dict[str, Any]
    shape: tuple[int | None, ...] = ()
    bytes: bool | None = None


@dataclass(frozen=True)
class Exported:
    """Vectors from a file.

    Args:
        path: the file.
        size: (height, width) of the images that it reads, in pixels.
        pixels: what numbers it reads.
        about: its metadata.
        run: from images [B, 3, H, W] to vectors [B, D].
        batch: the only number of images that it takes, or None for any.
    """

    path: Path
    size: tuple[int, int]
    pixels: Pixels
    about: dict[str, Any]
    run: Callable[[Tensor], Tensor] = field(repr=False)
    batch: int | None = None

    @torch.no_grad()
    def __call__(self, images: np.ndarray) -> Tensor:
        """Vectors [N, D] of images [N, H, W, 3] uint8.

        Raises:
            ValueError: the file fails on them, or gives no vectors.
        """
        x = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        if self.pixels != "uint8":
            x = x.float() if self.pixels == "0-255" else x.float() / 255
        if self.pixels == "imagenet":
            x = (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
        step = self.batch or len(x)
        try:
            parts = [self.run(_filled(x[i : i + step], step)) for i in range(0, len(x), step)]
        except Exception as error:  # each format has its own
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise ValueError(f"{self.path} fails on images {list(x.shape)} {x.dtype}: {reason}") from error
        if not all(isinstance(p, Tensor) and p.ndim == 2 and len(p) == step for p in parts):
            raise ValueError(f"{self.path} does not give one vector [D] for each image")
        return torch.cat(parts)[: len(x)].float().cpu()


def open_exported(path: Path, size: tuple[int, int] | None = None, pixels: Pixels | None = None) -> Exported:
    """A file that :func:`~rbcl_lite.models.export.export_model` or another program wrote.

    What the file says of its size and its pixels holds; what it does not say must be given.
    ONNX computes and does nothing else. A TorchScript or ``.pt2`` file is a program: no pickle in it
    is executed, but open only files that you trust.

    Args:
        path: ONNX, TorchScript or torch.export.
        size: (height, width) in pixels, where the file does not say.
        pixels: what numbers it reads, where the file does not say.

    Raises:
        ImportError: onnxruntime is missing.
        ValueError: no such file, a pickle in it, or what it does not say and what was given.
    """
    kind = format_of(path)
    if kind is None:
        raise ValueError(f"{path} is no exported model: neither ONNX nor TorchScript nor torch.export")
    opened = {"onnx": _open_onnx, "torchscript": _open_script, "pt2": _open_program}[kind](path)
    shape = opened.shape or (None, 3, None, None)
    if len(shape) != 4 or shape[1] not in (3, None):
        raise ValueError(f"{path} reads {list(shape)}, and only images [N, 3, height, width] can be given to it")
    said: list[int] | None = opened.about.get("size") or (list(shape[2:]) if None not in shape[2:] else None)
    reads: Pixels | None = opened.about.get("pixels") or ("uint8" if opened.bytes else None)
    if size is not None and said is not None and list(size) != said:
        raise ValueError(f"{path} reads images of {said[0]} x {said[1]} pixels, got {size[0]} x {size[1]}")
    if pixels is not None and (pixels != reads if reads else opened.bytes is False and pixels == "uint8"):
        raise ValueError(f"{path} reads {reads or 'floating-point'} pixels, got {pixels}")
    size = size if said is None else (said[0], said[1])
    pixels = pixels if reads is None else reads
    if size is None:
        raise ValueError(f"{path} does not say how large its images are; give HEIGHT WIDTH {WHERE.format('size')}")
    if pixels is None:
        choices = ", ".join(get_args(Pixels))
        raise ValueError(f"{path} does not say which pixels it reads; give one of {choices} {WHERE.format('pixels')}")
    return Exported(path, size, pixels, opened.about, opened.run, shape[0])


def _filled(x: Tensor, batch: int) -> Tensor:
    """Images up to a whole batch; the last one is repeated."""
    return x if len(x) == batch else torch.cat([x, x[-1:].expand(batch - len(x), *x.shape[1:])])


def _open_onnx(path: Path) -> Opened:
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ImportError(f'{path} needs the package {error.name}: pip install "rbcl-lite[export]"') from error
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # of protobuf
        raise ValueError(f"{path} is no ONNX file, or damaged ({type(error).__name__})") from error
    outside = [t.name for t in graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    if outside:
        raise ValueError(
            f"{path} keeps {len(outside)} weights in another file; make it one by onnx.save(onnx.load(path), new_path)"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has many, without a common base
        raise ValueError(f"{path} cannot be run: {str(error).splitlines()[0]}") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"{path} has {len(inputs)} inputs and {len(outputs)} outputs; one of each is needed")

    def run(images: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {inputs[0].name: images.numpy()})[0])

    shape = tuple(n if isinstance(n, int) else None for n in inputs[0].shape)
    note = session.get_modelmeta().custom_metadata_map.get(ABOUT, "")
    return Opened(run, _note(note), shape, inputs[0].type == "tensor(uint8)")


def _open_script(path: Path) -> Opened:
    extra = {ABOUT: ""}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch will drop the format
        try:
            script = torch.jit.load(str(path), map_location="cpu", _extra_files=extra).eval()
        except RuntimeError as error:
            raise ValueError(f"{path} is a damaged TorchScript file: {str(error).splitlines()[0]}") from error
    return Opened(script, _note(extra[ABOUT]))


def _open_program(path: Path) -> Opened:
    check_program(path)
    extra = {ABOUT: ""}
    try:
        program = torch.export.load(str(path), extra_files=extra)
    except Exception as error:
        raise ValueError(f"{path} cannot be read: {(str(error) or type(error).__name__).splitlines()[0]}") from error
    named = program.graph_signature.user_inputs
    values = [n.meta["val"] for n in program.graph.nodes if n.op == "placeholder" and n.name in named]
    if len(values) != 1:
        raise ValueError(f"{path} has {len(values)} inputs; one is needed")
    shape = tuple(n if isinstance(n, int) else None for n in values[0].shape)
    return Opened(program.module(), _note(extra[ABOUT]), shape, values[0].dtype == torch.uint8)


def _note(text: str | bytes) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
