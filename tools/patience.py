"""Plugin of pytest for tools/execute.py: on a busy machine a kernel may take long to start and to send its pictures.

nbclient waits 60 seconds for the first and 4 for the second; after the latter it goes on without the output.
"""

from __future__ import annotations

import functools

import nbmake.nb_run
from nbclient import NotebookClient

nbmake.nb_run.NotebookClient = functools.partial(NotebookClient, startup_timeout=1800, iopub_timeout=1800)
