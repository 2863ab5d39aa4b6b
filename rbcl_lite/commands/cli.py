"""Command line: ``rbcl-lite render | train | evaluate | gallery | experiment | methods``."""

from __future__ import annotations

from typing import Annotated

import tyro

from rbcl_lite.commands.evaluate import Evaluate
from rbcl_lite.commands.experiment import Experiment
from rbcl_lite.commands.gallery import Gallery
from rbcl_lite.commands.lists import Methods
from rbcl_lite.commands.render import Render
from rbcl_lite.commands.train import Train

COMMANDS = Annotated[Render | Train | Evaluate | Gallery | Experiment | Methods, tyro.conf.OmitSubcommandPrefixes]


def main(args: list[str] | None = None) -> None:
    """Entry point of ``rbcl-lite``.

    What a user got wrong is said in one line; a fault of ours keeps its traceback.
    """
    command = tyro.cli(
        COMMANDS, args=args, prog="rbcl-lite", description="Backward-compatible training for person re-ID."
    )  # type: ignore[arg-type,call-overload]
    try:
        command.run()
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        raise SystemExit(f"rbcl-lite: {error}") from error
