"""Weights from a file: read without running anything, and loaded whole or not at all."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rbcl_lite.base.files import read_tensors, sha256_of

WRAPPERS = ("state_dict", "model", "model_state_dict", "net")
"""Names under which training programs keep the weights beside other things."""
PREFIXES = ("module.", "_orig_mod.")
"""What wrappers of several cards and of compilation put in front of all names."""
SHOWN = 3
"""So many names of each kind are shown."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, named by its content.

    Args:
        path: where it lies.
        sha256: of its bytes.
    """

    path: str
    sha256: str

    @classmethod
    def at(cls, path: str | Path) -> WeightsFile:
        """The file at a path.

        Raises:
            FileNotFoundError: there is none.
        """
        place = Path(path).expanduser().resolve()
        if not place.is_file():
            raise FileNotFoundError(f"no weights at {place}; give a safetensors file or a torch state dict")
        return cls(str(place), sha256_of(place))

    def read(self) -> dict[str, Tensor]:
        """Its tensors.

        Raises:
            FileNotFoundError: it has gone.
            ValueError: it has changed, or see :func:`read_weights`.
        """
        if (now := WeightsFile.at(self.path)) != self:
            raise ValueError(
                f"the weights at {self.path} have changed (SHA-256 {now.sha256[:12]}…, it was {self.sha256[:12]}…); "
                "put the file back, or name it anew"
            )
        return read_weights(Path(self.path))


def read_weights(path: Path) -> dict[str, Tensor]:
    """The state dict in a file: safetensors, or what ``torch.save`` wrote.

    Of a checkpoint that holds the state dict beside other things, the state dict
    (:data:`WRAPPERS`); without what :data:`PREFIXES` puts in front of all names.

    Args:
        path: nothing in it is executed: pickles of anything but tensors are refused.

    Raises:
        ValueError: a damaged file, one that holds other things than tensors, or no state dict.
    """
    if path.suffix == ".safetensors":
        return _without_prefix(read_tensors(path))
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors, or is damaged, and is not opened, because a pickle may run anything; "
            "save the state dict alone, best as safetensors"
        ) from error
    except Exception as error:  # the reader raises whatever a broken file makes it raise
        raise ValueError(f"{path} is no file of weights, or damaged ({error}); copy it again") from error
    inner = held
    while isinstance(inner, Mapping) and (name := next((w for w in WRAPPERS if isinstance(inner.get(w), Mapping)), "")):
        inner = inner[name]
    if not isinstance(inner, Mapping) or not inner or not all(isinstance(v, Tensor) for v in inner.values()):
        what = (
            f"the names {', '.join(map(str, list(inner)[:8]))}" if isinstance(inner, Mapping) else type(inner).__name__
        )
        raise ValueError(f"{path} holds no state dict but {what}; looked for it under {', '.join(WRAPPERS)} too")
    return _without_prefix(inner)


def load_whole(net: nn.Module, weights: Mapping[str, Tensor], what: str, *, leave_out: Sequence[str] = ()) -> None:
    """Load weights into a network; every one that it has, and nothing else.

    Args:
        net: written to.
        weights: by name. A count of batches that BatchNorm lacks is no loss: nothing reads it.
        what: the file and the network, for the message.
        leave_out: modules, such as the classifier, whose weights are not wanted.

    Raises:
        ValueError: names that are missing or strange, or other shapes: how many, and the first.

    >>> load_whole(nn.Linear(2, 1), {"weight": torch.ones(1, 2)}, "x.pt in a layer")
    Traceback (most recent call last):
    ValueError: x.pt in a layer: 1 weights are missing (bias)
    """
    given = {k: v for k, v in weights.items() if not any(k.startswith(f"{module}.") for module in leave_out)}
    own = net.state_dict()
    missing = [k for k in own if k not in given and not k.endswith("num_batches_tracked")]
    strange = [k for k in given if k not in own]
    other = [
        f"{k} {list(given[k].shape)} instead of {list(own[k].shape)}"
        for k in own
        if k in given and given[k].shape != own[k].shape
    ]
    kinds = (("are missing", missing), ("are not known", strange), ("have another shape", other))
    wrong = [f"{len(names)} weights {kind} ({_shown(names)})" for kind, names in kinds if names]
    if wrong:
        raise ValueError(f"{what}: {'; '.join(wrong)}")
    net.load_state_dict(given, strict=False)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _without_prefix(weights: Mapping[Any, Tensor]) -> dict[str, Tensor]:
    named = {str(k): v for k, v in weights.items()}
    for prefix in PREFIXES:
        if all(k.startswith(prefix) for k in named):
            named = {k.removeprefix(prefix): v for k, v in named.items()}
    return named
