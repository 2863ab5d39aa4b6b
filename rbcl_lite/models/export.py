"""Export of a model: from pixels to unit vectors in one file, as ONNX, TorchScript or torch.export."""

from __future__ import annotations

import copy
import inspect
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.base.files import replacing
from rbcl_lite.models.exported import ABOUT, open_exported

FORMATS = {".onnx": "onnx", ".ts": "torchscript", ".pt": "torchscript", ".pt2": "pt2"}
"""Format of a file by its ending."""
TOLERANCE = 1e-4
"""Largest difference of a coordinate of a unit vector between a file and the model it came from."""
DYNAMO = tuple(int(n) for n in torch.__version__.split(".")[:2]) >= (2, 6)
"""Whether torch.onnx exports through torch.export with dynamic shapes; the tracer before."""


class Retrieval(nn.Module):
    """What is left of a model in use: images [B, 3, H, W] uint8 to unit vectors [B, D].

    Args:
        model: any module that gives :class:`~rbcl_lite.models.outputs.Outputs`; a copy of it is
            kept, on the CPU, in evaluation mode and without its classifier.

    >>> from rbcl_lite.models.embedder import Embedder, EmbedderConfig
    >>> vectors = Retrieval(Embedder(EmbedderConfig("tiny", dim=4)))(torch.zeros(2, 3, 32, 16, dtype=torch.uint8))
    >>> vectors.shape, bool(vectors.norm(dim=1).allclose(torch.ones(2)))
    (torch.Size([2, 4]), True)
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).cpu().eval().requires_grad_(False)
        if hasattr(self.model, "classifier"):
            self.model.classifier = None  # type: ignore[assignment]
        if hasattr(self.model, "logits"):  # its autocast block cannot be read back by torch.export
            self.model.logits = _nothing  # type: ignore[assignment]
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Unit vectors of these images."""
        return F.normalize(self.model(images).embedding)


def export_model(model: nn.Module, path: Path, size: tuple[int, int], about: Mapping[str, Any]) -> float:
    """Write a model to one file that needs none of this package, and compare the file with it.

    The file takes any number of uint8 images of one size; scaling and normalisation of pixels and
    of the vectors are inside. It is only kept if it gives the same vectors.

    Args:
        model: any module that gives :class:`~rbcl_lite.models.outputs.Outputs`.
        path: ends in ``.onnx``, ``.ts`` or ``.pt`` (TorchScript), or ``.pt2`` (torch.export).
        size: (height, width) of its images in pixels.
        about: further entries of the file's metadata.

    Returns:
        the largest difference of a coordinate, on random images.

    Raises:
        ImportError: a package that the format needs is missing.
        ValueError: another ending, a model that the format cannot hold, or a file that gives other
            vectors.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path} ends in {path.suffix or 'nothing'}: export to .onnx, .ts, .pt (TorchScript) or .pt2")
    net = Retrieval(model)
    sample = torch.randint(0, 256, (5, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = net(sample)
    note = {**about, "size": list(size), "dim": expected.shape[1], "pixels": "uint8", "vectors": "unit"}
    write = {"onnx": _write_onnx, "torchscript": _write_script, "pt2": _write_program}[FORMATS[path.suffix]]
    with replacing(path) as temporary:
        named = temporary.with_name(f"{temporary.name}{path.suffix}")  # a format is known by its ending
        try:
            _write(write, net, sample[:2], named, json.dumps(note, default=str))
            with torch.no_grad():
                vectors = open_exported(named)(sample.permute(0, 2, 3, 1).numpy())
            difference = float((vectors - expected).abs().max())
            if not difference <= TOLERANCE:
                raise ValueError(f"the file gives other vectors than the model, by {difference:.1e}; it was not kept")
            named.replace(temporary)
        finally:
            named.unlink(missing_ok=True)
    return difference


def _write(write: Callable[..., None], net: nn.Module, sample: Tensor, path: Path, note: str) -> None:
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of formats that PyTorch will drop, and of what a trace cannot follow
            write(net, sample, path, note)
    except ImportError:
        raise
    except Exception as error:  # each exporter has its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"this model cannot be exported to {path.suffix}: {reason}") from error


def _nothing(embedding: Tensor) -> None:
    """The logits of a model without a classifier."""


def _write_onnx(net: nn.Module, sample: Tensor, path: Path, note: str) -> None:
    try:
        import onnx
        import onnxruntime  # noqa: F401 - the file is compared with the model

        if DYNAMO:
            import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(f'ONNX needs the package {error.name}: pip install "rbcl-lite[export]"') from error
    how: dict[str, Any]
    names: dict[str, Any] = {"input_names": ["images"], "output_names": ["vectors"], "verbose": False}
    if DYNAMO:
        how = {"dynamo": True, "external_data": False, "dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    else:
        how = {"dynamic_axes": {name: {0: "batch"} for name in ("images", "vectors")}}
        if "dynamo" in inspect.signature(torch.onnx.export).parameters:
            how["dynamo"] = False
    torch.onnx.export(net, (sample,), str(path), **names, **how)
    written = onnx.load(str(path))
    onnx.helper.set_model_props(written, {ABOUT: note})
    onnx.save(written, str(path))


def _write_script(net: nn.Module, sample: Tensor, path: Path, note: str) -> None:
    script = torch.jit.script(_Checked(torch.jit.trace(net, sample), sample.shape[2], sample.shape[3]))
    torch.jit.save(script, str(path), _extra_files={ABOUT: note})


def _write_program(net: nn.Module, sample: Tensor, path: Path, note: str) -> None:
    program = torch.export.export(net, (sample,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, str(path), extra_files={ABOUT: note})


class _Checked(nn.Module):
    """A traced network would read other pixels, or images of another size, without a word."""

    def __init__(self, net: nn.Module, height: int, width: int) -> None:
        super().__init__()
        self.net, self.height, self.width = net, height, width

    def forward(self, images: Tensor) -> Tensor:
        if images.dtype != torch.uint8 or images.size(2) != self.height or images.size(3) != self.width:
            raise ValueError("images must be uint8 [B, 3, height, width] of the size that the metadata names")
        return self.net(images)
