"""Configurations that earlier versions wrote, in the words of this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOVED = {"source": "images", "part": "share"}
"""Fields of ``run.json`` under version 0.1, and their names now."""


def current(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run's configuration as they are called now; what is current already is left
    as it is.

    >>> current({"source": {"data": "campus"}, "part": 0.25, "model": {"scale": 16.0}})["share"]
    0.25
    """
    v = {MOVED.get(name, name): value for name, value in values.items()}
    v["model"] = current_model(v["model"])
    v.setdefault("augment", {})
    for options, before, now in (("learner_options", "source", "labelled"), ("method_options", "scale", "logit_scale")):
        v[options] = {now if name == before else name: value for name, value in (v.get(options) or {}).items()}
    return v


def current_model(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a model's configuration as they are called now.

    >>> current_model({"backbone": "tiny", "scale": 16.0})
    {'backbone': 'tiny', 'logit_scale': 16.0}
    """
    return {"logit_scale" if name == "scale" else name: value for name, value in values.items()}
