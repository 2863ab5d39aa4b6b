"""Changes of a configuration by dotted names, so that a result file can say what was varied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

Config = TypeVar("Config")


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with other values at some places.

    Args:
        config: a dataclass of dataclasses and dictionaries, such as a
            :class:`~rbcl_lite.runs.config.RunConfig`.
        changes: dotted name to value; ``"old.share"`` is the field ``share`` of the field ``old``.

    Raises:
        ValueError: a name that does not exist.

    >>> from rbcl_lite.runs.config import RunConfig
    >>> changed(RunConfig(method="rbcl"), {"train.epochs": 3, "method_options.agents": 0}).train.epochs
    3
    """
    for name, value in changes.items():
        config = _changed(config, name.split("."), value, name)
    return config


def _changed(config: Any, path: list[str], value: Any, name: str) -> Any:
    head, *rest = path
    mapping = isinstance(config, Mapping)
    if mapping and head and not rest:  # an option that was left at its default has no place yet
        return {**config, head: value}
    is_config = is_dataclass(config) and not isinstance(config, type)
    known = list(config) if mapping else [f.name for f in fields(config)] if is_config else []
    if head not in known:
        raise ValueError(
            f"there is no {name!r} in this configuration; at {head!r} it has {', '.join(known) or 'nothing'}"
        )
    if mapping:
        return {**config, head: _changed(config[head], rest, value, name)}
    return replace(config, **{head: _changed(getattr(config, head), rest, value, name) if rest else value})
