"""What all hostile tests share: a finished run, a place of their own, and a watch over what is done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import own_crops
import pytest

from rbcl_lite.commands.cli import main


@pytest.fixture(scope="session")
def judge(thirty_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the folder of crops, not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBCL_SCALE", "smoke")
        return own_crops.train(thirty_people, "--runs", tmp_path_factory.mktemp("judge"))


@pytest.fixture(autouse=True)
def own_place(smoke: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache and a current folder of its own, in which nothing harmful was run and nothing half-written."""
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(autouse=True)
def nothing_executed_and_nothing_half(own_place: None, tmp_path: Path) -> Iterator[None]:
    yield
    left = [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.name == "executed" or p.suffix == ".tmp"]
    assert not left


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that runs a command which must fail, and gives what it says: a message, never a traceback."""

    def run(*arguments: object) -> str:
        with pytest.raises(SystemExit) as caught:
            main([str(a) for a in arguments])
        said = caught.value.code
        if isinstance(said, int):  # the reader of the command line has spoken
            assert said == 2
            return capsys.readouterr().err
        assert isinstance(said, str) and said.startswith("rbcl-lite: ") and "Traceback" not in said
        assert all(c.isprintable() or c == "\n" for c in said)
        return said

    return run
