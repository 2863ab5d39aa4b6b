"""Execute the notebooks of one scale in copies, two at a time, and keep what did not change.

``python tools/execute.py laptop`` leaves executed copies in ``_build/laptop/notebooks``. A copy is taken from the cache
when the notebook's source, the package's code, its result files and the scale are those it was executed with; all
others run under nbmake, without a limit of time. A copy that the build would refuse, for an error or for a line on
stderr, fails here and is not kept. The cache is ``.cache/notebooks``, outside ``_build``,
because nbmake passes over every path with that name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nbformat

HERE = ROOT = Path(__file__).resolve().parent.parent
ABOUT = {"gpu": "not measured", "laptop": "minutes each", "smoke": "seconds each"}
HIDDEN = {"remove-stderr", "remove-output", "remove-cell"}  # tags of cells whose stderr the book does not show


def code_fingerprint() -> str:
    """The package's fingerprint, from a fresh process so that no import is kept between calls."""
    command = [sys.executable, "-m", "rbcl_lite.base.fingerprint"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def digest(*parts: bytes) -> str:
    """Sixteen hex digits of a SHA-256 over the parts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:16]


def results_digest() -> bytes:
    """A hash of the measured numbers that notebooks read from the package."""
    files = sorted(f for f in (ROOT / "rbcl_lite" / "results").glob("*") if f.suffix in (".json", ".csv"))
    return digest(*(part for f in files for part in (f.name.encode(), f.read_bytes()))).encode()


def trouble(notebook: nbformat.NotebookNode) -> list[str]:
    """What the build would refuse: a cell that did not run, an error that no tag announces, output on stderr."""
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or "skip-execution" in tags:
            continue
        said = [f"did not run:\n{cell.source}"] if cell.execution_count is None else []
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags:
                said.append(f"ended in {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr" and not HIDDEN & set(tags):
                said.append(f"wrote to stderr:\n{output.text.rstrip()}")
        found += [f"cell {number} {what}" for what in said]
        if any(not what.startswith("wrote") for what in said):
            break  # the cells below did not run either
    return found


def seconds(notebook: nbformat.NotebookNode) -> float:
    """Wall-clock seconds that the code cells took, from the times that nbclient records."""
    total = 0.0
    for cell in notebook.cells:
        times = cell.metadata.get("execution", {})
        if "iopub.execute_input" in times and "shell.execute_reply" in times:
            start, end = (datetime.fromisoformat(times[k].replace("Z", "+00:00"))
                          for k in ("iopub.execute_input", "shell.execute_reply"))  # fmt: skip
            total += (end - start).total_seconds()
    return total


def loaded(log: Path) -> list[dict[str, Any]]:
    """The trainings that a notebook loaded, from what :mod:`loaded` wrote down: what each was, and its seconds."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        run = json.loads(Path(line).read_text(encoding="utf-8"))
        config = run["config"]
        what = {"learner": config["learner"], "method": config["method"], "new": config["old"] is not None}
        found.append({**what, "seconds": run["seconds"]})
    return found


def stamp(notebook: nbformat.NotebookNode, scale: str, fingerprint: str, log: Path) -> None:
    """Write into the executed copy what it was executed with; the book's run times come from it."""
    notebook.metadata["rbcl"] = {
        "scale": scale,
        "fingerprint": fingerprint,
        "seconds": round(seconds(notebook), 1),
        "loaded": loaded(log),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def execute(scale: str, jobs: int, pattern: str) -> int:
    """Bring all executed copies of a scale up to date.

    Returns:
        the exit status: 0 if all copies are there and the build will take them.
    """
    fingerprint, results = code_fingerprint(), results_digest()
    cache = ROOT / ".cache" / "notebooks" / scale / fingerprint
    out = ROOT / "_build" / scale / "notebooks"
    for folder in (cache, out):
        folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for left in set(out.glob("*.ipynb")) - {out / s.name for s in sources}:
        left.unlink()

    running = cache / f"running-{os.getpid()}"  # a folder of its own: two calls at a time do not meet
    stale: dict[Path, Path] = {}
    for source in sources:
        kept = cache / f"{source.stem}-{digest(source.read_bytes(), results)}.ipynb"
        copy = out / source.name
        if kept.exists():
            shutil.copyfile(kept, copy)
        elif source.match(pattern):
            stale[running / source.name] = kept
            copy.unlink(missing_ok=True)
        elif not copy.exists():
            shutil.copyfile(source, copy)  # not executed, but there for the links of the others
    print(f"notebooks at scale {scale}: {len(sources) - len(stale)} unchanged, {len(stale)} to execute", flush=True)
    if not stale:
        return 0
    print(f"executing, {min(jobs, len(stale))} at a time ({ABOUT[scale]})…", flush=True)
    shutil.rmtree(running, ignore_errors=True)  # left by a process of the same number
    running.mkdir()
    for copy in stale:
        shutil.copyfile(ROOT / "notebooks" / copy.name, copy)

    environment = os.environ | {"RBCL_SCALE": scale, "PYTHONHASHSEED": "0"}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        environment.setdefault(name, "1")  # two kernels share two cores
    environment |= {"PYTHONSTARTUP": str(HERE / "tools" / "loaded.py"), "RBCL_LOADED": str(running)}
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a warning of the debugger, which is not used
    # matplotlib says so on stderr if making its list of fonts takes long; made now, no notebook has to
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True, capture_output=True)
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "tools.patience"]
    command += ["--nbmake", "--overwrite", "--nbmake-timeout=-1"]  # as long as it takes
    command += ["-n", str(min(jobs, len(stale))), "--durations=0", "-q"]
    status = subprocess.run([*command, *map(str, stale)], cwd=HERE, env=environment).returncode
    for copy, kept in stale.items():
        notebook = nbformat.read(copy, as_version=4)
        if found := trouble(notebook):
            status = status or 1
            print(f"FAILED {copy.name}, its copy is {copy.relative_to(ROOT)}", *found, sep="\n", flush=True)
            continue
        stamp(notebook, scale, fingerprint, copy.with_suffix(".txt"))
        nbformat.write(notebook, copy)
        copy.replace(kept)
        copy.with_suffix(".txt").unlink(missing_ok=True)
        shutil.copyfile(kept, out / copy.name)
    if not any(running.iterdir()):
        running.rmdir()
    return status


def main() -> None:
    """Parse the command line and execute."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scale", choices=sorted(ABOUT), help="how much work a notebook does")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at the same time")
    parser.add_argument("--only", default="*.ipynb", help="only those whose name matches, e.g. '03_*'")
    options = parser.parse_args()
    sys.exit(execute(options.scale, options.jobs, options.only))


if __name__ == "__main__":
    main()
