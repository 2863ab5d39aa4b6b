"""environment.yml, the extras and the address say the same thing wherever they say it."""

import re
import sys
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def project(root: Path) -> dict:
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def test_environment_is_thin_and_names_the_same_python(root: Path, project: dict) -> None:
    entries = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert entries == ["python" + project["requires-python"], "pip", {"pip": ["-e .[all]"]}]


def test_all_contains_every_extra(project: dict) -> None:
    extras = project["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(re.fullmatch(r"rbcl-lite\[(.*)\]", everything)[1].split(","))
    assert named == set(extras) - {"all"}


def test_only_the_book_caps_a_version(project: dict) -> None:
    capped = re.compile(r"==|<|~=")
    for group, requirements in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        if group != "book":
            assert not [r for r in requirements if capped.search(r)], group


def test_the_address_stands_in_one_place(root: Path, project: dict) -> None:
    """Every other mention of the repository is the same address."""
    address = project["urls"]["Repository"]
    name = address.removeprefix("https://github.com/")
    owner = re.compile(r"github\.com/([\w.-]+/rbcl-lite)\b")
    mentions = []
    for path in [*root.glob("*.md"), *root.glob("*.cff"), *root.glob("notebooks/*.ipynb"), *root.glob("book/*.md")]:
        mentions += [(path.name, found) for found in owner.findall(path.read_text(encoding="utf-8"))]
    assert mentions
    assert not [m for m in mentions if m[1] != name]
    assert "github.com/" + name not in (root / "book" / "_config.yml").read_text(encoding="utf-8")


def test_version_is_the_same_everywhere(root: Path, project: dict) -> None:
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    assert citation["license"] == "MIT" and "MIT License" in (root / "LICENSE").read_text(encoding="utf-8")
