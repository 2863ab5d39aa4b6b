"""Children of a process that works in several: they end with it, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this process as soon as its parent has ended, even by SIGKILL; for the ``initializer`` of
    a pool of processes.

    Without it a helper of a killed process works on, holds its locks and then waits for ever.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
