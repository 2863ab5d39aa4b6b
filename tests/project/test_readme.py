"""What the README promises is run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_first_two_commands(readme: str) -> None:
    commands = [line.split("#")[0].strip() for block in blocks(readme, "bash") for line in block.splitlines()]
    assert commands[:2] == ["make book", "make test"]


def run(block: str, folder: Path) -> str:
    """What a block prints, at smoke scale, with a cache of its own; it must end without an error."""
    environment = {"RBCL_SCALE": "smoke", "RBCL_CACHE": str(folder), "OMP_NUM_THREADS": "1", "PATH": ""}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_every_python_block_runs(number: int, tmp_path: Path) -> None:
    """By itself; where a block of text follows, that is what it prints, up to blanks."""
    block, shown = PYTHON[number]
    printed = run(block, tmp_path)
    own = [line for line in block.splitlines() if line.strip() and not line.startswith(("import ", "from "))]
    assert len(own) <= 15, "an example of the README is no longer than fifteen lines, imports apart"
    if shown:
        assert printed.split() == shown.split()
    if "is_compatible" in block:
        assert re.search(r"^bct new/old [\d.]+ new/new [\d.]+$", printed, re.MULTILINE), printed
        assert re.search(r"^compatible: (True|False)$", printed, re.MULTILINE), printed


def test_every_make_target_that_is_named_exists(root: Path, readme: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = readme + (root / "CONTRIBUTING.md").read_text(encoding="utf-8") + (root / ".ci" / "run").read_text()
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", texts, re.MULTILINE))
    assert {"book", "test", "check", "bench", "clean"} <= named
    assert named <= targets


def test_make_knows_its_targets(root: Path) -> None:
    for target in ("book", "test", "check", "bench", "clean", "browser"):
        done = subprocess.run(["make", "-n", target], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
