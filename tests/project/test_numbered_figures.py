"""Figures are numbered in each chapter, have a caption below them, and are mentioned by numbers that exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from newmodel.figures import mentioned  # noqa: E402

CAPTION = re.compile(r"\*(?!\*)Figure (\d+)\.(\d+)\. \S[^\n]*(?:\n(?!\n)[^\n]+)*\*(?=\s*(?:\n\n|$))")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def unnumbered(name: str, cells: list[dict]) -> list[str]:
    """What is wrong with the captions of one chapter: one missing, or not the next number of the chapter.

    An image has a caption; so may any other cell that shows something, such as an animation.
    """
    chapter, found, wrong = int(name.split("_")[0]), 0, []
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        code = cell["cell_type"] == "code"
        image = code and "image" in cell["metadata"].get("mystnb", {})
        caption = CAPTION.match(below["source"]) if below and below["cell_type"] == "markdown" else None
        found += image or bool(code and caption)
        expected = f"Figure {chapter}.{found}"
        if image and caption is None:
            wrong.append(f"{name}: the cell below {expected} does not begin with '*{expected}. …*'")
        elif caption and not code:
            wrong.append(f"{name}: Figure {caption[1]}.{caption[2]} stands below no cell that shows something")
        elif caption and (int(caption[1]), int(caption[2])) != (chapter, found):
            wrong.append(f"{name}: {expected} is called Figure {caption[1]}.{caption[2]}")
    return wrong


def captions(cells: Iterable[dict]) -> set[str]:
    """The numbers of all captions."""
    found = (CAPTION.match(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return {f"{caption[1]}.{caption[2]}" for caption in found if caption}


def dangling(where: str, text: str, known: set[str]) -> list[str]:
    """Mentions of figures that do not exist."""
    numbers = {number for _, number in mentioned(CODE.sub("", text)) if number}
    return [f"{where}: there is no Figure {number}" for number in sorted(numbers - known)]


def prose(cells: Iterable[dict]) -> str:
    return "\n\n".join(c["source"] for c in cells if c["cell_type"] == "markdown")


def all_cells(root: Path) -> dict[str, list[dict]]:
    return {p.stem: nbformat.read(p, as_version=4).cells for p in sorted((root / "notebooks").glob("*.ipynb"))}


def test_every_figure_has_its_number(notebook: dict) -> None:
    assert not unnumbered(notebook["path"].stem, notebook["cells"])


def test_every_figure_that_is_mentioned_exists(root: Path) -> None:
    chapters = all_cells(root)
    known = {number for cells in chapters.values() for number in captions(cells)}
    texts = {name: prose(cells) for name, cells in chapters.items()}
    pages = (p for p in (root / "book").rglob("*.md") if "vendor" not in p.parts)
    texts |= {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in pages}
    assert not [wrong for where, text in texts.items() for wrong in dangling(where, text, known)]


def image() -> dict:
    return {"cell_type": "code", "source": "", "metadata": {"mystnb": {"image": {"alt": "a line"}}}}


def words(text: str) -> dict:
    return {"cell_type": "markdown", "source": text, "metadata": {}}


GOOD = [
    image(),
    words("*Figure 7.1. One\n*nested* line.*\n\nMore."),
    image(),
    words("*Figure 7.2. Two, see Figure 7.1.*"),
]


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (GOOD, []),
        ([words("a"), image()], ["below Figure 7.1 does not"]),
        ([image(), image(), words("*Figure 7.2. Two.*")], ["below Figure 7.1 does not"]),
        ([image(), words("*One without a number.*")], ["below Figure 7.1 does not"]),
        ([image(), words("**Figure 7.1. Bold.**")], ["below Figure 7.1 does not"]),
        ([image(), words("Text first.\n\n*Figure 7.1. One.*")], ["below Figure 7.1 does not"]),
        ([image(), words("*Figure 7.1. One.* And more in the same paragraph.")], ["below Figure 7.1 does not"]),
        ([image(), words("*Figure 6.1. One.*")], ["Figure 7.1 is called Figure 6.1"]),
        ([*GOOD, image(), words("*Figure 7.4. Four.*")], ["Figure 7.3 is called Figure 7.4"]),
        ([*GOOD, words("*Figure 7.3. Three.*")], ["stands below no cell"]),
    ],
)
def test_what_is_wrong_is_seen(cells: list[dict], wrong: list[str]) -> None:
    found = unnumbered("07_name", cells)
    assert len(found) == len(wrong) and all(w in f for w, f in zip(wrong, found, strict=True)), found


def test_what_dangles_is_seen() -> None:
    assert captions(GOOD) == {"7.1", "7.2"}
    assert not dangling("here", "See Figure\n7.1, `Figure 9.9`.\n\n```text\nFigure 9.8\n```\n", captions(GOOD))
    assert dangling("here", "See Figures 7.2 and 7.3.", captions(GOOD)) == ["here: there is no Figure 7.3"]


PAGES = {
    "index": "# Book\n\nSee Figure\n7.1 and **Figures 7.1 and 7.2**.\n\n## Not Figure 7.1\n\n`Figure 7.2`\n\n"
    "```{toctree}\nseven\nwrong\n```\n",
    "seven": "# Seven\n\n*Figure 7.1. One, unlike Figure 7.2.*\n\n*Figure 7.2. Two of [them](index).*\n\n*Other.*\n",
    "wrong": "# Wrong\n\n*Figure 7.2. Again.*\n\nSee Figure 7.3.\n",
}


def test_captions_are_marked_and_mentions_lead_to_them(tmp_path: Path) -> None:
    """In pages that Sphinx makes with this part of the extension alone; a wrong number is a warning."""
    source = tmp_path / "source"
    source.mkdir()
    for name, text in PAGES.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-C", "-n", "-b", "html", "--no-color"]
    command += ["-D", "extensions=myst_parser,newmodel.figures", "-D", "html_theme=basic"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "book" / "_ext")}
    done = subprocess.run([*command, str(source), str(tmp_path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    again, none = done.stderr.splitlines()
    assert again.endswith("wrong.md:3: WARNING: a second Figure 7.2; the other is in seven")
    assert none.endswith("wrong.md:5: WARNING: there is no Figure 7.3")

    index, seven = ((tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("index", "seven"))
    assert re.findall(r'href="([^"]*#figure[^"]*)"[^>]*><span>([^<]*)<', index) == [
        ("seven.html#figure-7-1", "Figure\n7.1"),
        ("seven.html#figure-7-1", "Figures 7.1"),
        ("seven.html#figure-7-2", "7.2"),
    ]
    assert re.findall(r'<p class="figure-caption" id="([^"]+)"><em><span class="figure-number">([^<]+)<', seven) == [
        ("figure-7-1", "Figure 7.1."),
        ("figure-7-2", "Figure 7.2."),
    ]
    assert 'href="#figure-7-2"' in seven and ">them</" in seven
