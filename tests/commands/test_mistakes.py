"""Mistakes by commands: one line that says what was wrong, before images are made where that is possible."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from own_crops import MODEL, PATTERN, refused, train

from rbcl_lite.commands import train as command
from rbcl_lite.commands.checks import fits
from rbcl_lite.commands.cli import main
from rbcl_lite.data.images import Images
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.runs.config import RunConfig

pytestmark = pytest.mark.usefixtures("smoke")


@pytest.fixture
def no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Images, "load", lambda *a, **k: pytest.fail("images were made"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--epochs 0", "epochs must be at least 1, got 0"),
        ("--epochs -1", "epochs must be at least 1, got -1"),
        ("--lr 0", "lr, the highest learning rate, must be above 0"),
        ("--lr nan", "must be above 0, got nan"),
        ("--dim 0", "at least 2 dimensions, got 0"),
        ("--dim -3", "at least 2 dimensions, got -3"),
        ("--height 0", "each at least 8, got (0, 0)"),
        ("--batch-people 0", "at least 2 people with 2 images each, got 0 x 3"),
        ("--batch-images 0", "at least 2 people with 2 images each, got 8 x 0"),
        ("--share 0", "share of the training people, above 0 and at most 1, got 0"),
        ("--share nan", "above 0 and at most 1, got nan"),
        ("--weight -1", "must not be negative, got -1"),
        ("--weight nan", "the weight of a method must be a number, got nan"),
        ("--erase -0.5", "probability of random erasing, 0 to 1, got -0.5"),
        ("--erase 2", "probability of random erasing, 0 to 1, got 2"),
        ("--seed -1", "seed must not be negative, and below 2**32, got -1"),
        ("--backbone magic", "unknown backbone 'magic'"),
        ("--backbone tiny --pretrained", "there are no pretrained weights of 'tiny'"),
        ("--precision magic", "unknown precision 'magic'"),
        ("--schedule magic", "unknown schedule 'magic'"),
        ("--scale magic", "unknown scale 'magic'"),
        ("--learner magic", "unknown learner 'magic'"),
        ("--learner ecn", "the learner ecn needs labelled images of another domain: --labelled DOMAIN"),
        ("--options {", "--options is not JSON"),
        ("--options 3", "--options must be a JSON object"),
        ("--learner-options nonsense", "--learner-options is not JSON"),
        ('--learner-options ["margin"]', "--learner-options must be a JSON object"),
        ('--learner-options {"margin":"x"}', '--learner-options: margin of Supervised is "x", it must be float'),
        ('--learner-options {"label_smoothing":true}', "is true, it must be float"),
        ('--learner-options {"steps":2.5}', "steps of Supervised is 2.5, it must be int | None"),
        ('--learner-options {"tau":1}', "Supervised has no option 'tau'; its options: label_smoothing,"),
        (
            '--method contrastive --options {"temperature":"hot"}',
            'Contrastive is "hot", it must be float',
        ),
        ('--method contrastive --options {"temperature":null}', "is null, it must be float"),
        ('--method contrastive --options {"tau":1}', "Contrastive has no option 'tau'; its options: temperature"),
        ('--method contrastive --options {"weight":3}', "holds the weight, which is given by --weight 3"),
        ('--method rbcl --options {"agents":2.5}', "agents of RBCL is 2.5, it must be int"),
        ('--method rbcl --options {"centers":"yes"}', 'centers of RBCL is "yes", it must be bool'),
        ('--method rbcl --options {"kind":"magic"}', "kind must be one of ('hardest', 'pair'), got 'magic'"),
    ],
)
def test_an_option_out_of_range(no_images: None, options: str, message: str) -> None:
    assert message in refused("train", *options.split(" "))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--people 0", "people must be at least 1"),
        ("--people 0 --first 3", "people must be at least 1"),
        ("--people -2 --first 3", "people must be at least 1"),
        ("--first -1", "first not negative"),
        ("--height 0", "size (0, 0) cannot be drawn"),
        ("--height 65", "size (65, 32) cannot be drawn"),
    ],
)
def test_pictures_that_cannot_be_drawn(tmp_path: Path, options: str, message: str) -> None:
    assert message in refused("render", "--out", tmp_path / "sheet.png", *options.split())
    assert not (tmp_path / "sheet.png").exists()


def test_defaults_of_every_part_have_the_declared_types() -> None:
    """What JSON may give is compared with annotations, so these must not lie."""
    for part in (*METHODS.values(), *LEARNERS.values()):
        takes = typing.get_type_hints(part.__init__)
        for name, parameter in inspect.signature(part).parameters.items():
            assert fits(parameter.default, takes[name]), (part, name)


def configured(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> RunConfig:
    """What a command would train."""
    seen: list[RunConfig] = []

    class Done(BaseException):
        pass

    def stop(config: RunConfig, **_: object) -> None:
        seen.append(config)
        raise Done

    with monkeypatch.context() as patch, pytest.raises(Done):
        patch.setattr(command, "run_or_load", stop)
        main([str(a) for a in arguments])
    return seen[0]


def test_zero_is_a_value(monkeypatch: pytest.MonkeyPatch, old: Path) -> None:
    at = ("train", "--scale", "gpu", "--precision", "float32")
    assert configured(monkeypatch, *at).augment.erase == 0.5
    assert configured(monkeypatch, *at, "--erase", 0).augment.erase == 0.0
    assert configured(monkeypatch, *at, "--learner-options", '{"label_smoothing": 0}').learner_options == {
        "label_smoothing": 0
    }
    new = configured(monkeypatch, *at, "--old", old, "--method", "l2", "--seed", 0, "--weight", 0)
    assert (new.train.seed, new.seed, new.weight) == (0, 3, 0.0)


def test_a_training_that_diverges_is_one_line_and_no_run(shop: Path, runs: Path) -> None:
    said = refused("train", "--data", shop, "--pattern", PATTERN, *MODEL, "--lr", "1e9", "--epochs", 5, "--runs", runs)
    assert "the loss is nan at step" in said and "lower the learning rate" in said
    assert not list(runs.glob("*/run.json"))


def test_weights_that_diverge_in_the_last_step_are_no_model(
    shop: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("rbcl_lite.runs.run_or_load")
    teach = module.train

    def spoil(upgrade, *arguments, **options):
        history = teach(upgrade, *arguments, **options)
        upgrade.model.embed.weight.data[0, 0] = float("nan")
        return history

    monkeypatch.setattr(module, "train", spoil)
    said = refused("train", "--data", shop, "--pattern", PATTERN, *MODEL, "--runs", runs)
    assert "the last step made 1 weights of the model NaN or infinite, first embed.weight" in said
    assert not list(runs.glob("*/run.json"))


@pytest.mark.parametrize(("error", "one_line"), [(RuntimeError, False), (TypeError, False), (FloatingPointError, True)])
def test_a_fault_of_ours_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], one_line: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error("something")

    monkeypatch.setattr(command, "run_or_load", fail)
    if one_line:
        assert refused("train") == "rbcl-lite: something"
    else:
        with pytest.raises(error, match="something"):
            main(["train"])


def test_a_process_ends_with_one_line_on_stderr(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rbcl_lite", "train", "--epochs", "0"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "rbcl-lite: epochs must be at least 1, got 0\n"


def test_too_few_people_for_a_batch(shop: Path, runs: Path) -> None:
    assert train(shop, "--batch-people", 2, "--runs", runs).is_dir()
    said = refused("train", "--data", shop, "--pattern", PATTERN, *MODEL, "--batch-people", 99, "--runs", runs)
    assert "people cannot fill a batch of 99" in said
