"""Recipes: options of ``rbcl-lite train`` in a file, with where they come from."""

from __future__ import annotations

import difflib
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.commands.checks import fits
from rbcl_lite.experiments.gpu.report import load_report
from rbcl_lite.experiments.result_file import RESULTS

RECIPES = Path(__file__).parent.parent / "recipes"
TEXTS = ("about", "sources", "differs", "training_images")
PARTS = ("both", "old", "new")
TYPED = ("old", "recipe")
"""Options that name what is at hand: they stand on the command line."""


@dataclass(frozen=True)
class Recipe:
    """One file: JSON, which Python reads without a further package in every version.

    ``both`` holds options of every training, ``old`` those of the old model, ``new`` those of a
    model that is trained with ``--old``; names are those of the command, with underscores. Beside
    them ``about``, ``sources`` and ``differs`` (from the sources) are for the reader, and
    ``training_images`` is the size of the data set, for estimates.

    Args:
        path: of the file.
        values: what it holds.
    """

    path: Path
    values: Mapping[str, Any]

    def options(self, with_old: bool, command: type) -> dict[str, Any]:
        """The options of a training.

        Args:
            with_old: whether an old model was named.
            command: the dataclass of the command, for names and types.

        Raises:
            ValueError: a name that the command does not have, or a value of another type.
        """
        types = {k: v for k, v in typing.get_type_hints(command).items() if k not in TYPED}
        for part in PARTS:
            for name, value in self.values.get(part, {}).items():
                if name not in types:
                    near = difflib.get_close_matches(name, types, 1)
                    raise ValueError(
                        f"{self.path}: {part} holds {name!r}, and train has no such option"
                        + (f"; is {near[0]!r} meant?" if near else f"; it has {', '.join(types)}")
                    )
                if not (isinstance(value, dict) and name in ("options", "learner_options")):
                    if not fits(value, types[name]):
                        wanted = str(getattr(types[name], "__name__", types[name]))
                        raise ValueError(f"{self.path}: {name} is {json.dumps(value)}, it must be {wanted}")
        chosen = {**self.values.get("both", {}), **self.values.get("new" if with_old else "old", {})}
        return {k: json.dumps(v) if isinstance(v, dict) else v for k, v in chosen.items()}


def load_recipe(name: str) -> Recipe:
    """The recipe of a name, or in a file.

    Raises:
        FileNotFoundError: neither.
        ValueError: no JSON object, or a key that no recipe has.

    >>> load_recipe("market1501_r18_to_r50").values["new"]["backbone"]
    'resnet50'
    """
    path = RECIPES / f"{name}.json" if name in names() else Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no recipe {name!r}: there is no such file; recipes by name: {', '.join(names())}")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no recipe: not JSON ({error})") from error
    if not isinstance(values, dict) or not all(isinstance(values.get(part, {}), dict) for part in PARTS):
        raise ValueError(f"{path} is no recipe: it must be a JSON object whose {', '.join(PARTS)} hold options")
    strange = sorted(set(values) - {*TEXTS, *PARTS})
    if strange:
        raise ValueError(
            f"{path} holds {strange[0]!r}; a recipe has {', '.join(PARTS)}, which hold options of train, and for the "
            f"reader {', '.join(TEXTS)}"
        )
    return Recipe(path, values)


def names() -> list[str]:
    """The recipes of the package.

    >>> names()
    ['market1501_r18_to_r50', 'market_to_msmt17']
    """
    return sorted(path.stem for path in RECIPES.glob("*.json"))


def cost(recipe: Recipe, folder: Path = RESULTS) -> str:
    """What an epoch of the new model costs: an estimate from the measured steps of the GPU report,
    or that there is none.

    The report's scale ``large`` has the recipe's batch, picture and backbone; other recipes are not
    estimated.
    """
    new = {**recipe.values.get("both", {}), **recipe.values.get("new", {})}
    images, batch = recipe.values.get("training_images"), new.get("batch_people", 0) * new.get("batch_images", 0)
    alike = (new.get("backbone"), new.get("height"), new.get("learner", "supervised")) == (
        "resnet50",
        256,
        "supervised",
    )
    try:
        report = load_report("gpu", folder)
    except FileNotFoundError:
        return "not measured"
    for row in report["steps"]:
        which = (row["scale"], row["learner"], row["method"], row["batch"])
        if alike and images and row["ms"] and which == ("large", "supervised", new.get("method", "independent"), batch):
            seconds = 1e-3 * row["ms"] * images / batch
            memory = f", {row['peak_mb'] / 1024:.1f} GiB" if row["peak_mb"] else ""
            return (
                f"an epoch takes about {seconds:.0f} s{memory} on {report['device']['name']} (estimated from its steps)"
            )
    return "not measured"
