"""Command line: ``rbcl-lite render | train | evaluate | experiment | methods``."""

from __future__ import annotations

from typing import Annotated, Any

import tyro

from rbcl_lite.base.processes import launched
from rbcl_lite.commands.evaluate import Evaluate
from rbcl_lite.commands.experiment import Experiment
from rbcl_lite.commands.lists import Methods
from rbcl_lite.commands.render import Render
from rbcl_lite.commands.train import Train

COMMANDS = Annotated[Render | Train | Evaluate | Experiment | Methods, tyro.conf.OmitSubcommandPrefixes]


def parsed(args: list[str] | None, default: Train | None = None) -> Any:
    """The command that was typed; what was not typed comes from ``default``."""
    about: dict[str, Any] = {"prog": "rbcl-lite", "description": "Backward-compatible training for person re-ID."}
    if default is not None:
        about["default"] = default
    return tyro.cli(COMMANDS, args=args, **about)  # type: ignore[arg-type,call-overload]


def main(args: list[str] | None = None) -> None:
    """Entry point of ``rbcl-lite``.

    What a user got wrong is said in one line; a fault of ours keeps its traceback.
    """
    command = parsed(args)
    try:
        if isinstance(command, Train) and command.recipe is not None:
            command = parsed(args, Train.following(command.recipe, command.old is not None))
        if launched() > 1 and not isinstance(command, Train):
            raise ValueError("of the commands only train runs in several processes; start this one without a launcher")
        command.run()
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        raise SystemExit(f"rbcl-lite: {error}") from error
