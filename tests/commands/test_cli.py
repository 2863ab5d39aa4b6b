"""The command line on a world and on a folder of crops."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rbcl_lite.base.scale import SCALES
from rbcl_lite.commands.cli import main
from rbcl_lite.commands.train import Train
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.folders import market1501
from rbcl_lite.data.world import World
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.independent import Independent
from rbcl_lite.metrics import evaluate_ranking
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

SMOKE = SCALES["smoke"]
SIZE, BATCH, DIM = SMOKE.size, SMOKE.batch, SMOKE.dim


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RBCL_SCALE", "smoke")


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Rendered people as files in Market-1501's exact layout: 15 to train on, 6 to test on, junk and a distractor."""
    root = tmp_path / "market"
    world = World("campus", identities=24, size=SIZE)

    def write(folder: str, pid: int, cam: int, index: int, person: int) -> None:
        path = root / folder / f"{pid:04d}_c{cam + 1}s1_{index:06d}_00.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(world.images([person], [cam], [index])[0]).save(path)

    for person in range(15):
        for cam in range(4):
            write("bounding_box_train", person + 2, cam, 1, person)
    for person in range(15, 21):
        for cam in range(3):
            write("query", person + 2, cam, 1, person)
            write("bounding_box_test", person + 2, cam, 2, person)
    write("bounding_box_test", 0, 0, 3, 22)
    junk = root / "bounding_box_test" / "-1_c1s1_000001_00.png"
    Image.fromarray(world.images([23], [0], [0])[0]).save(junk)
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    main([str(a) for a in arguments])
    return capsys.readouterr().out.strip().splitlines()


def test_folder_of_crops_by_commands_alone_equals_memory(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", market, "--epochs", 2, "--seed", 3]
    old = run(capsys, "train", *common, "--backbone", "tiny")[-1]
    new = run(capsys, "train", *common, "--old", old, "--method", "bct", "--weight", 2)[-1]
    out = tmp_path / "matrix.json"
    shown = run(capsys, "evaluate", old, new, "--json", out)
    matrix = json.loads(out.read_text())["matrix"]

    splits = market1501(market, size=SIZE, seed=3)
    config, at = TrainConfig(2, SMOKE.lr, seed=3), Augment(erase=SMOKE.erase)
    learner = partial(Supervised, SMOKE.label_smoothing)

    def embedder(backbone: str) -> Embedder:
        torch.manual_seed(3)
        return Embedder(EmbedderConfig(backbone, DIM, splits.train.num_ids))

    first = embedder("tiny")
    train(Upgrade(splits.train, first, batch=BATCH, seed=3, augment=at), learner(), Independent(), config)
    second = embedder("small")
    assert first.classifier is not None
    upgrade = Upgrade(
        splits.train,
        second,
        old=extract(first, splits.train),
        old_classifier=first.classifier.weight.detach(),
        old_classes=splits.train.classes,
        batch=BATCH,
        seed=3,
        augment=at,
    )
    train(upgrade, learner(), BCT(weight=2.0), config)
    for row, query_model in zip(matrix, (first, second)):
        for column, gallery_model in zip(matrix, (first, second)):
            expected = evaluate_ranking(
                extract(query_model, splits.test.query), extract(gallery_model, splits.test.gallery)
            )
            assert matrix[row][column] == pytest.approx(expected.mAP, abs=1e-6)
    assert "mAP" in shown[0] and shown[1].startswith("same-camera images left out") and len(shown) == 5


def test_second_call_loads(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "--data", "campus", "--epochs", 1]
    first, second = run(capsys, *command), run(capsys, *command)
    assert first[-1] == second[-1]
    assert "loaded" in second[0] and "loaded" not in first[0]


def test_render_writes_one_row_per_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "sheet.png"
    run(capsys, "render", "--people", 2, "--out", out)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape[0] > 2 * 128 and sheet.shape[1] > 6 * 64


def test_methods_lists_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(run(capsys, "methods"))
    for name in ("independent", "bct", "contrastive", "supervised", "rbcl-no-agents", "stronger-and-more"):
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--method", "nonsense"], "unknown method 'nonsense'"),
        (["train", "--method", "bct"], "bct keeps a model compatible with an old one: name it by --old"),
        (["train", "--data", "nowhere"], "neither a domain"),
        (["train", "--old", "nowhere"], "nowhere: no such file or folder"),
        (["evaluate", "nowhere"], "no finished run in nowhere"),
        (["render", "--domain", "moon"], "moon"),
        (["experiment", "sweep", "--methods", "magic"], "no weights are listed for magic"),
        (["experiment", "sweep", "--setting", "magic"], "unknown setting 'magic'"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert message in str(caught.value.code)


def test_a_variant_is_its_method_with_options() -> None:
    config = Train(data="campus", method="rbcl-no-agents", options='{"margin": -0.02}').config()
    assert config.method == "rbcl" and config.method_options == {"agents": 0, "margin": -0.02}
    with pytest.raises(ValueError, match="rbcl-no-agents is rbcl with agents=0, and --options says 4: choose one"):
        Train(data="campus", method="rbcl-no-agents", options='{"agents": 4}').config()


@pytest.mark.parametrize(
    ("options", "message"),
    [("[1]", "must be a JSON object"), ("{", "--options is not JSON"), ('{"tau": 1}', "BCT has no option 'tau'")],
)
def test_options_must_be_known(options: str, message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--method", "bct", "--options", options])
    assert message in str(caught.value.code)
