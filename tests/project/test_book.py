"""The book's own small extension, its settings and its pages."""

import doctest
import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]
PARTS = "api benchmarks boxes chapters command figures glossary measured names printed run_times".split()


@pytest.mark.parametrize("part", PARTS)
def test_examples_of_the_extension(part: str) -> None:
    result = doctest.testmod(importlib.import_module(f"newmodel.{part}"), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_examples_of_the_download() -> None:
    assert doctest.testmod(importlib.import_module("download")).failed == 0


def test_the_download_has_every_page_but_the_reference(root: Path) -> None:
    pages = importlib.import_module("download").order()
    chapters = [f"notebooks/{path.stem}" for path in sorted((root / "notebooks").glob("*.ipynb"))]
    assert pages[0] == "book/index" and [page for page in pages if page.startswith("notebooks/")] == chapters
    assert {f"book/{path.stem}" for path in (root / "book").glob("*.md")} <= set(pages)


def test_every_part_is_tested(root: Path) -> None:
    assert sorted(p.stem for p in (root / "book" / "_ext" / "newmodel").glob("[!_]*.py")) == PARTS


def test_every_public_module_has_one_page(root: Path) -> None:
    from newmodel.api import public_modules

    shown = []
    for page in (root / "book" / "api").glob("*.md"):
        for name in re.findall(r"^```\{api\} (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            shown += public_modules(name)
    package = importlib.import_module("rbcl_lite")
    public = [m.name for m in pkgutil.walk_packages(package.__path__, "rbcl_lite.") if "._" not in m.name]
    assert sorted(shown) == sorted(public)


def test_the_address_comes_from_pyproject(root: Path) -> None:
    build = importlib.import_module("build")
    settings = build.sphinx_settings(root / "_build" / "smoke")
    theme = settings["html_theme_options"]
    assert theme["repository_url"] == build.repository() and theme["path_to_docs"] == ""
    assert theme["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    assert "sphinx_thebe" not in settings["extensions"]
    assert settings["mathjax_path"].startswith("../mathjax/"), "maths needs no other host"


def test_pages_are_in_the_table_of_contents(root: Path) -> None:
    toc = (root / "book" / "_toc.yml").read_text(encoding="utf-8")
    pages = {p.relative_to(root).with_suffix("").as_posix() for p in (root / "book").rglob("*.md")}
    pages -= {p for p in pages if "/vendor/" in p}
    assert not [p for p in sorted(pages) if p not in toc]
    globs = [g["glob"] for part in yaml.safe_load(toc)["parts"] for g in part["chapters"] if "glob" in g]
    matched = [p.name for g in globs for p in root.glob(g + ".ipynb")]
    assert sorted(matched) == sorted(p.name for p in (root / "notebooks").glob("*.ipynb")), "each chapter once"


def test_vendored_maths_is_complete(root: Path) -> None:
    vendor = root / "book" / "vendor" / "mathjax"
    assert (vendor / "tex-chtml-full.js").stat().st_size > 1_000_000
    assert list((vendor / "output" / "chtml" / "fonts" / "woff-v2").glob("*.woff"))
    assert "Apache License" in (vendor / "LICENSE").read_text(encoding="utf-8")
