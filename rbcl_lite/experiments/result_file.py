"""Result file: the measured runs of one setting as JSON, changed under a lock."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from rbcl_lite.base.files import locked, write_json

RESULTS = Path(__file__).parent.parent / "results"


def result_path(name: str, scale_name: str, folder: Path) -> Path:
    """Where a result of a scale is written; only laptop's carries no scale in its name.

    >>> result_path("more-identities", "gpu", Path("results")).name
    'more-identities-gpu.json'
    """
    return folder / f"{name}{'' if scale_name == 'laptop' else '-' + scale_name}.json"


def command_line() -> str:
    """The command that is running, as a reader would type it: without the folder that it writes to, and
    with a word for the one where images lie.
    """
    words = [w for w in sys.argv[1:] if not w.startswith("--out=")]
    if "--out" in words:
        at = words.index("--out")
        words = words[:at] + words[at + 2 :]
    after = ["", *words]
    words = [
        "--data=FOLDER" if w.startswith("--data=") else "FOLDER" if a == "--data" else w for a, w in zip(after, words)
    ]
    return shlex.join(["rbcl-lite", *words])


def add_command(result: dict[str, Any]) -> None:
    """Add the command that is running to those that wrote a result; each stands there once."""
    result["commands"] = list(dict.fromkeys([*result.get("commands", ()), command_line()]))


def read(path: Path) -> dict[str, Any]:
    """A result file, or the start of one.

    Raises:
        ValueError: the file is no result; nothing is written over it.
    """
    if not path.exists():
        return {"chosen": {}, "runs": []}
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(result["runs"], list):
            raise TypeError("runs is no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no result file ({type(error).__name__}: {error}); move it away, or name another folder by --out"
        ) from error
    return result


def chosen_weights(
    setting: str, methods: Collection[str], scale_name: str, folder: Path, baselines: Mapping[str, float]
) -> dict[str, float]:
    """The weight of each method that a setting's sweep chose, and those of the baselines, which have no sweep.

    Raises:
        ValueError: a method whose weight is not chosen yet.
    """
    source = result_path(setting, scale_name, folder)
    chosen = {**read(source)["chosen"], **baselines}
    missing = [m for m in methods if m not in chosen]
    if missing:
        raise ValueError(
            f"no weight is chosen for {', '.join(missing)} in {source.name}; run this first: "
            f"rbcl-lite experiment sweep --setting {setting}"
        )
    return {m: float(chosen[m]) for m in methods}


def merge(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a result file under a lock."""
    with locked(path):
        result = read(path)
        change(result)
        write_json(path, result)
