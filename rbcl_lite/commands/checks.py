"""Checks of what was typed, before any image is made."""

from __future__ import annotations

import json
import math
import types
import typing
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from rbcl_lite.base.device import default_device
from rbcl_lite.models.backbones import BACKBONES, check_backbone
from rbcl_lite.models.embedder import Embedder
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.training.precision import Precision


def read_options(flag: str, text: str) -> dict[str, Any]:
    """The keyword arguments that a JSON object on the command line holds.

    >>> read_options("--options", '{"temperature": 0.1}')
    {'temperature': 0.1}
    """
    try:
        values = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{flag} is not JSON ({error}): {text[:200]}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{flag} must be a JSON object such as '{{\"temperature\": 0.1}}', got {text}")
    return values


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def check_types(flag: str, part: type, options: Mapping[str, Any]) -> None:
    """Make sure that each value has the type that a method or a learner declares; unknown names are
    left to :class:`~rbcl_lite.runs.config.RunConfig`.

    Args:
        flag: where the options were typed, for the message.
        part: the class that gets them.
        options: keyword arguments.

    Raises:
        ValueError: another type, or a weight, which has an option of its own.
    """
    if "weight" in options:
        raise ValueError(f"{flag} holds the weight, which is given by --weight {options['weight']}")
    takes = typing.get_type_hints(part.__init__)  # type: ignore[misc]
    for name, value in options.items():
        endless = isinstance(value, float) and not math.isfinite(value)  # 1e999, which JSON allows
        if name in takes and (endless or not fits(value, takes[name])):
            wanted = getattr(takes[name], "__name__", None) or str(takes[name])
            wanted = str(takes[name]) if typing.get_args(takes[name]) else wanted
            raise ValueError(f"{flag}: {name} of {part.__name__} is {json.dumps(value)}, it must be {wanted}")


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value that JSON gave may stand where a type is declared.

    >>> fits(1, float), fits("hot", float), fits(True, int), fits(None, int | None), fits([1, 2], list[float])
    (True, False, False, True, True)
    """
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, kind) for kind in inner)
    if origin is typing.Literal:
        return value in inner
    if origin is not None:
        return isinstance(value, list | tuple) and all(fits(v, inner[0]) for v in value)
    if isinstance(value, bool) and wanted is not bool:
        return False
    return isinstance(value, (int, float) if wanted is float else wanted)


def check_config(config: RunConfig) -> None:
    """Make sure of what else only a training would notice, after the images were made.

    Raises:
        ValueError: a weight that is no number, a probability or a seed out of range, a model that
            cannot be built, or a precision that this device does not have.
    """
    if not math.isfinite(config.weight):
        raise ValueError(f"the weight of a method must be a number, got {config.weight}")
    if not 0 <= config.augment.erase <= 1:
        raise ValueError(f"erase is the probability of random erasing, 0 to 1, got {config.augment.erase}")
    if not 0 <= config.train.seed < 2**32:
        raise ValueError(f"seed must not be negative, and below 2**32, got {config.train.seed}")
    check_backbone(config.model.backbone, config.model.pretrained, config.model.weights)
    model = replace(config.model, pretrained=False, size=config.size)
    # a network of others is built, and tries an image; so are weights, which must fit
    light = model.backbone in BACKBONES and model.weights is None
    with torch.device("meta" if light else "cpu"), torch.random.fork_rng(devices=[]):
        Embedder(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the training says it
        Precision(config.train.precision, torch.device(default_device()))
