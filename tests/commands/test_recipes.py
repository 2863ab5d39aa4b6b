"""Recipes: those of the package and one's own, what is typed beside them, and what is wrong in them."""

import json
from pathlib import Path

import pytest
from own_crops import PATTERN, call, refused

from rbcl_lite.commands.cli import parsed
from rbcl_lite.commands.recipes import PARTS, RECIPES, cost, load_recipe, names
from rbcl_lite.commands.train import Train
from rbcl_lite.experiments.gpu.report import report_path
from rbcl_lite.runs.run import load_run

SMALL = {
    "about": "two tiny models",
    "both": {"backbone": "tiny", "dim": 8, "height": 32, "batch_people": 4, "batch_images": 3, "pattern": PATTERN},
    "old": {"epochs": 1, "learner_options": {"triplet": 0.5}},
    "new": {"epochs": 2, "dim": 16, "method": "l2", "weight": 2},
}


def typed(*arguments: str) -> Train:
    command = parsed(["train", *arguments])
    return parsed(["train", *arguments], Train.following(command.recipe, command.old is not None))


@pytest.fixture
def small(tmp_path: Path):
    """A function that writes a recipe file."""

    def write(**changes: object) -> Path:
        path = tmp_path / "mine.json"
        path.write_text(json.dumps({**SMALL, **changes}), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", ["market1501_r18_to_r50", "market_to_msmt17"])
def test_recipes_of_the_package_are_the_strong_baseline(name):
    """Luo et al. 2019, as far as the package has it; the sources are named."""
    recipe = load_recipe(name)
    assert all("arXiv" in text for text in recipe.values["sources"]) and recipe.values["differs"]
    old, new = (Train(data="campus", **recipe.options(with_old, Train)).config() for with_old in (False, True))
    for config, backbone in ((old, "resnet18"), (new, "resnet50")):
        assert (config.model.backbone, config.model.pretrained, config.size) == (backbone, True, (256, 128))
        assert (config.batch, config.augment.erase, config.augment.flip) == ((16, 4), 0.5, 0.5)
        assert (config.train.epochs, config.train.lr, config.train.weight_decay) == (120, 3.5e-4, 5e-4)
        assert config.train.schedule == "multistep"
        assert config.learner_options == {"label_smoothing": 0.1, "margin": 0.3}
    assert (old.method, new.method, new.weight) == ("independent", "bct", 1.0)


def test_recipes_are_installed_with_the_package():
    assert names() == ["market1501_r18_to_r50", "market_to_msmt17"]
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert f'"{RECIPES.name}/*.json"' in project.read_text(encoding="utf-8")


def test_what_is_typed_counts_even_where_it_is_the_default():
    name = "market1501_r18_to_r50"
    new = typed("--recipe", name, "--old", "somewhere", "--method", "independent", "--schedule", "onecycle")
    assert (new.method, new.schedule, new.epochs, new.backbone) == ("independent", "onecycle", 120, "resnet50")
    assert typed(f"--recipe={name}", "--no-pretrained", "--epochs", "3").pretrained is False


def test_a_recipe_needs_images(smoke):
    assert "data is empty; give a domain" in refused("train", "--recipe", "market1501_r18_to_r50")


def test_an_upgrade_by_a_recipe(smoke, small, thirty_people, runs):
    path = small()
    common = ("train", "--recipe", path, "--data", thirty_people, "--runs", runs)
    old = call(*common, "--seed", 3)[-1]
    new = call(*common, "--old", old, "--weight", "0.5")[-1]
    first, second = load_run(old).config, load_run(new).config
    assert (first.train.epochs, first.model.dim, first.train.seed) == (1, 8, 3)
    assert first.learner_options["triplet"] == 0.5 and "triplet" not in second.learner_options
    assert (second.train.epochs, second.model.dim, second.method, second.weight) == (2, 16, "l2", 0.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"both": {"epoch": 3}}, "both holds 'epoch', and train has no such option; is 'epochs' meant?"),
        ({"new": {"old": "a"}}, "new holds 'old', and train has no such option"),
        ({"old": {"recipe": "a"}}, "old holds 'recipe', and train has no such option"),
        ({"both": {"epochs": "many"}}, 'epochs is "many", it must be int | None'),
        ({"both": {"epochs": {"a": 1}}}, 'epochs is {"a": 1}, it must be int | None'),
        ({"both": {"pretrained": 1}}, "pretrained is 1, it must be bool"),
        ({"both": [1]}, "is no recipe: it must be a JSON object whose both, old, new hold options"),
        ({"epochs": 3}, "holds 'epochs'; a recipe has both, old, new, which hold options of train"),
        ({"old": {"learner_options": {"margin": "wide"}}}, 'margin of Supervised is "wide"'),
    ],
)
def test_mistakes_in_a_recipe(smoke, small, changes, said):
    message = refused("train", "--recipe", small(**changes), "--data", "campus")
    assert said in message and ("mine.json" in message or "margin" in message)


def test_a_recipe_that_is_not_there(smoke, tmp_path):
    assert "recipes by name: market1501_r18_to_r50, market_to_msmt17" in refused("train", "--recipe", "market")
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    assert "broken.json is no recipe: not JSON" in refused("train", "--recipe", broken)


def test_cost_is_an_estimate_from_measured_steps_or_says_that_there_is_none(tmp_path):
    recipe = load_recipe("market1501_r18_to_r50")
    assert cost(recipe, tmp_path) == "not measured"
    step = {"scale": "large", "learner": "supervised", "method": "bct", "batch": 64, "ms": 100.0, "peak_mb": 2048}
    report = {"device": {"name": "a card"}, "runs": [], "steps": [{**step, "scale": "gpu", "ms": 1.0}, step]}
    report_path("gpu", tmp_path).write_text(json.dumps(report), encoding="utf-8")
    assert cost(recipe, tmp_path) == "an epoch takes about 20 s, 2.0 GiB on a card (estimated from its steps)"
    other = {**recipe.values, "both": {**recipe.values["both"], "height": 384}}
    assert cost(type(recipe)(recipe.path, other), tmp_path) == "not measured"
    assert set(PARTS) < set(recipe.values)
