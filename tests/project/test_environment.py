"""environment.yml, the extras and the address say the same thing wherever they say it."""

import ast
import re
import subprocess
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


PLOTS, GALLERY = {"matplotlib", "seaborn", "umap"}, {"faiss"}
CORE = ["losses", "metrics", "features", "agents", "training.loop", "runs", "commands.cli", "plots.contact_sheet"]
BLOCK = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


def without(names: set[str], code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process where some packages cannot be imported, as if they were not installed."""
    program = BLOCK.format(names=names) + code
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder)


def test_the_core_needs_no_plots_and_no_gallery(tmp_path: Path) -> None:
    code = "".join(f"import rbcl_lite.{module}\n" for module in CORE)
    code += "from rbcl_lite.commands.cli import main\n"
    code += "main(['render', '--people', '1', '--height', '32', '--out', 'sheet.png'])\n"
    done = without(PLOTS | GALLERY, code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize(("missing", "name"), [("matplotlib", "use_style"), ("seaborn", "cross_test_heatmap")])
def test_figures_say_what_to_install(missing: str, name: str, tmp_path: Path) -> None:
    done = without({missing}, f"from rbcl_lite.plots import {name}", tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert last == f'ImportError: figures need {missing}: pip install "rbcl-lite[plots]"'


def test_maps_say_what_to_install(tmp_path: Path) -> None:
    done = without({"umap"}, "from rbcl_lite.plots import spaces\nspaces._umap()", tmp_path)
    assert done.stderr.strip().endswith('ImportError: maps of feature spaces need umap: pip install "rbcl-lite[plots]"')


def test_every_name_of_the_plots_is_loaded_when_asked_for() -> None:
    from rbcl_lite import plots

    assert all(getattr(plots, name) is not None for name in plots.__all__)
    assert set(plots.__all__) <= set(dir(plots))
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        plots.pie  # noqa: B018


def test_every_import_is_a_dependency(root: Path, project: dict) -> None:
    """The core depends on what it imports, and on nothing else but extras; figures and gallery may use theirs too."""
    distribution = {
        "PIL": "pillow",
        "sklearn": "scikit-learn",
        "umap": "umap-learn",
        "faiss": "faiss-cpu",
        "pytorch_metric_learning": "pytorch-metric-learning",
    }
    names = {
        group: {re.match(r"[\w-]+", r)[0] for r in requirements}
        for group, requirements in {"core": project["dependencies"], **project["optional-dependencies"]}.items()
    }
    used: dict[str, set[str]] = {"core": set(), "plots": set(), "gallery": set()}
    for path in (root / "rbcl_lite").rglob("*.py"):
        room = path.relative_to(root / "rbcl_lite").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            tops = {m.split(".")[0] for m in modules} - sys.stdlib_module_names - {"rbcl_lite"}
            used[room if room in used else "core"] |= {distribution.get(top, top) for top in tops}
    # a notebook brings IPython; a figure is told how to look there only if it is
    assert used["plots"] - {"IPython", "matplotlib_inline"} - names["core"] == names["plots"]
    assert used["gallery"] - names["core"] <= names["gallery"] | names["milvus"]
    extras = {name for group in ("timm", "cuhk03", "export", "distributed") for name in names[group]}
    assert names["core"] <= used["core"] <= names["core"] | extras | {"pytorch-metric-learning"}


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
