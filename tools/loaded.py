"""Startup file of a notebook's kernel: writes down which finished trainings the notebook loads.

A chapter loads models that were trained before, and its cells look quick for it. With this file as ``PYTHONSTARTUP``,
the path of each ``run.json`` that is older than the kernel and is read goes into ``$RBCL_LOADED/NOTEBOOK.txt``, one
line each; :mod:`execute` adds up what they took. The name of the notebook comes from pytest, which runs it.
"""


def write_down_what_is_loaded() -> None:
    """Listen to the opening of files for the rest of the process."""
    import os
    import sys
    import time
    from pathlib import Path

    began = time.time()
    notebook = Path(os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]).stem
    log = Path(os.environ["RBCL_LOADED"]) / f"{notebook}.txt"
    seen = set()

    def listen(event: str, arguments: tuple) -> None:
        if event != "open" or not str(arguments[0]).endswith("run.json") or arguments[0] in seen:
            return
        seen.add(arguments[0])
        if os.path.exists(arguments[0]) and os.path.getmtime(arguments[0]) < began:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{arguments[0]}\n")

    sys.addaudithook(listen)


write_down_what_is_loaded()
del write_down_what_is_loaded
