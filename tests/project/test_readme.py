"""What the README promises is run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_first_two_commands(readme: str) -> None:
    commands = [line.split("#")[0].strip() for block in blocks(readme, "bash") for line in block.splitlines()]
    assert commands[:2] == ["make book", "make test"]


@pytest.mark.slow
def test_the_snippet_runs(readme: str, tmp_path: Path) -> None:
    (snippet,) = blocks(readme, "python")
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 15
    environment = {"RBCL_SCALE": "smoke", "RBCL_CACHE": str(tmp_path), "OMP_NUM_THREADS": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^bct new/old [\d.]+ new/new [\d.]+$", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^compatible: (True|False)$", done.stdout, re.MULTILINE), done.stdout


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
