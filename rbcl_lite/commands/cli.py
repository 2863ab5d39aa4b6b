"""Command line: ``rbcl-lite render | train | evaluate | experiment | methods``."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import torch
import tyro

from rbcl_lite.base.processes import launched
from rbcl_lite.commands.evaluate import Evaluate
from rbcl_lite.commands.experiment import Experiment
from rbcl_lite.commands.lists import Methods
from rbcl_lite.commands.output import shown
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

    What a user got wrong is said in one line; a fault of ours keeps its traceback. Ctrl-C ends with
    the status that shells expect, 130.
    """
    command = parsed(args)
    try:
        if isinstance(command, Train) and command.recipe is not None:
            command = parsed(args, Train.following(command.recipe, command.old is not None))
        if launched() > 1 and not isinstance(command, Train):
            raise ValueError("of the commands only train runs in several processes; start this one without a launcher")
        command.run()
    except KeyboardInterrupt:
        sys.stderr.write("rbcl-lite: stopped; the same command goes on from what was kept\n")
        raise SystemExit(130) from None
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        remedy = "ask for less: smaller batches or pictures, fewer people or dimensions"
        raise SystemExit(f"rbcl-lite: not enough memory ({shown(error)}); {remedy}") from error
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        raise SystemExit(f"rbcl-lite: {shown(error)}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a process or a card asked for more memory than there is; torch has no kind of error for
    the first.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
    (True, False)
    """
    kinds = (MemoryError, torch.cuda.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)
