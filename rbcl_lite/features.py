"""Features, the record that everything downstream of a model takes and gives."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor

from rbcl_lite.base.files import write_safetensors


def fit_dimension(vectors: Tensor, dim: int) -> Tensor:
    """Bring vectors to ``dim`` coordinates: keep the first ones, or append zeros (Shen et al. 2020,
    section 3).

    This is how embeddings of different width are compared in this package: it has no parameters, so
    nothing has to be stored beside a gallery. The result is not normalised again.

    Args:
        vectors: [..., D].
        dim: wanted number of coordinates, at least 1.

    Returns:
        [..., dim]; the input itself if ``D == dim``.

    >>> fit_dimension(torch.tensor([[3.0, 4.0, 5.0]]), 2)
    tensor([[3., 4.]])
    >>> fit_dimension(torch.tensor([[3.0, 4.0]]), 3)
    tensor([[3., 4., 0.]])
    """
    if dim < 1:
        raise ValueError(f"dim must be at least 1, got {dim}")
    have = vectors.shape[-1]
    if have >= dim:
        return vectors if have == dim else vectors[..., :dim]
    return F.pad(vectors, (0, dim - have))


@dataclass(frozen=True)
class Features:
    """Unit vectors of N images, and who, where and which image each one is.

    Rows are L2-normalised on construction, in float32 at least.

    Args:
        vectors: [N, D] floating point.
        ids: [N] integer identity of each row.
        cams: [N] integer camera of each row, or None where cameras are unknown.
        model: tag of the model that made the vectors.
        keys: [N] image names, or None; they let two models' vectors of the same images be matched.

    Raises:
        ValueError: a wrong shape, a mismatched length, NaN or infinity, or a zero vector (the row
            is named).

    >>> f = Features(torch.tensor([[3.0, 4.0], [0.0, 2.0]]), ids=[7, 8], cams=[0, 1], model="old")
    >>> f.vectors
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    >>> len(f), f.dim
    (2, 2)
    """

    vectors: Tensor
    ids: Tensor
    cams: Tensor | None = None
    model: str = ""
    keys: Sequence[str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        vectors = torch.as_tensor(self.vectors)
        if vectors.ndim != 2 or vectors.shape[1] == 0:
            raise ValueError(f"vectors must be [N, D] with D >= 1, got shape {list(vectors.shape)}")
        if not vectors.is_floating_point():
            raise ValueError(f"vectors must be floating point, got {vectors.dtype}")
        vectors = vectors.detach()
        if vectors.dtype in (torch.float16, torch.bfloat16):
            vectors = vectors.float()
        norms = vectors.norm(dim=1, keepdim=True)
        finite = torch.isfinite(norms[:, 0])  # also catches finite values whose square overflows
        if not bool(finite.all()):
            rows = (~finite).nonzero()[:, 0]
            raise ValueError(
                f"vectors holds NaN or infinity in {len(rows)} row(s), first row {int(rows[0])}; "
                "drop these images or look for a diverged model"
            )
        if bool((norms == 0).any()):
            rows = (norms[:, 0] == 0).nonzero()[:, 0]
            raise ValueError(
                f"row {int(rows[0])} of vectors is a zero vector ({len(rows)} in all): it has no "
                "direction and cannot be ranked"
            )
        # rows of unit length stay as they are, bit by bit: a selection or a file changes no vector
        unit = (norms - 1).abs() <= 16 * torch.finfo(norms.dtype).eps
        object.__setattr__(self, "vectors", vectors / norms.masked_fill(unit, 1))
        n = len(vectors)
        object.__setattr__(self, "ids", self._integers("ids", self.ids, n))
        if self.cams is not None:
            object.__setattr__(self, "cams", self._integers("cams", self.cams, n))
        if self.keys is not None:
            keys = tuple(str(k) for k in self.keys)
            if len(keys) != n:
                raise ValueError(f"keys has {len(keys)} entries for {n} vectors")
            object.__setattr__(self, "keys", keys)

    def _integers(self, name: str, values: object, n: int) -> Tensor:
        tensor = torch.as_tensor(np.asarray(values) if isinstance(values, list | tuple) else values)
        if tensor.ndim != 1 or len(tensor) != n:
            raise ValueError(f"{name} must be [{n}] like the rows of vectors, got shape {list(tensor.shape)}")
        if tensor.is_floating_point() or tensor.is_complex():
            if n:
                raise ValueError(f"{name} must be integers, got {tensor.dtype}")
        return tensor.long()

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """Number of coordinates D."""
        return int(self.vectors.shape[1])

    def __getitem__(self, index: Tensor | np.ndarray | slice | Sequence[int]) -> Features:
        """The rows that ``index`` (integers, a boolean mask or a slice) selects, as a new record."""
        if not isinstance(index, slice | Tensor):
            index = np.asarray(index) if len(index) else np.empty(0, np.int64)  # an empty list has no integer type
        rows = torch.arange(len(self))[index if isinstance(index, slice) else torch.as_tensor(index).cpu()]
        keys = None if self.keys is None else [self.keys[i] for i in rows.tolist()]
        cams = None if self.cams is None else self.cams[rows]
        return Features(self.vectors[rows], self.ids[rows], cams, self.model, keys)

    def fit(self, dim: int) -> Features:
        """The same rows with ``dim`` coordinates (:func:`fit_dimension`), normalised again."""
        if dim == self.dim:
            return self
        return Features(fit_dimension(self.vectors, dim), self.ids, self.cams, self.model, self.keys)

    def align(self, other: Features) -> Features:
        """The rows of ``other`` in the order of these keys, so that row i of both is the same
        image.

        Raises:
            ValueError: no keys, a key that occurs twice, is missing, or belongs to another
                identity.
        """
        if self.keys is None or other.keys is None:
            raise ValueError("align needs keys on both sides: construct Features with keys=[image names]")
        place = {k: i for i, k in enumerate(other.keys)}
        if len(place) != len(other.keys):
            raise ValueError("align needs unique keys, and a key of the other features occurs twice")
        missing = [k for k in self.keys if k not in place]
        if missing:
            raise ValueError(f"{len(missing)} keys are missing in the other features, first {missing[0]!r}")
        joined = other[[place[k] for k in self.keys]]
        wrong = (joined.ids.cpu() != self.ids.cpu()).nonzero()
        if len(wrong):
            i = int(wrong[0])
            raise ValueError(
                f"image {self.keys[i]!r} is identity {int(self.ids[i])} here and {int(joined.ids[i])} there"
            )
        return joined

    @staticmethod
    def concat(parts: Sequence[Features]) -> Features:
        """All rows of the parts, in order. Cameras and keys are kept if every part has them."""
        if not parts:
            raise ValueError("concat needs at least one Features")
        dims = {p.dim for p in parts}
        if len(dims) > 1:
            raise ValueError(f"the parts have different dimensions {sorted(dims)}; use .fit(dim) first")
        cams = (
            torch.cat([p.cams for p in parts if p.cams is not None]) if all(p.cams is not None for p in parts) else None
        )
        keys = [k for p in parts for k in p.keys or ()] if all(p.keys is not None for p in parts) else None
        tags = list(dict.fromkeys(p.model for p in parts))
        return Features(
            torch.cat([p.vectors for p in parts]), torch.cat([p.ids for p in parts]), cams, "+".join(tags), keys
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one safetensors file (written to a temporary name, then moved)."""
        tensors = {"vectors": self.vectors.contiguous().cpu(), "ids": self.ids.contiguous().cpu()}
        if self.cams is not None:
            tensors["cams"] = self.cams.contiguous().cpu()
        if self.keys is not None:
            tensors["keys"] = torch.frombuffer(bytearray(json.dumps(self.keys).encode()), dtype=torch.uint8)
        write_safetensors(path, tensors, {"model": self.model, "format": "rbcl_lite.Features"})
        return Path(path)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Features:
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is no safetensors file of Features.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"no features file at {path}; write one with Features.save or rbcl-lite evaluate")
        try:
            with safe_open(str(path), framework="pt") as f:
                tensors = {k: f.get_tensor(k) for k in f.keys()}
                meta = f.metadata() or {}
        except Exception as error:
            raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
        if "vectors" not in tensors or "ids" not in tensors:
            raise ValueError(f"{path} holds {sorted(tensors)}, expected vectors and ids")
        try:
            keys = json.loads(bytes(tensors["keys"].numpy()).decode()) if "keys" in tensors else None
            return Features(tensors["vectors"], tensors["ids"], tensors.get("cams"), meta.get("model", ""), keys)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} holds no usable features: {error}") from error
