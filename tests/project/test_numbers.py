"""A measured number is never typed: it stands in a cell's output or comes from a result file."""

import re
from pathlib import Path

import pytest

MEASURED = re.compile(
    r"(?<![\w.-])\d[\d,.]*\s?(?:%|per cent|points?\b|mAP\b|rank-1\b|×(?!\s?\d)|times (?:faster|slower)"
    r"|(?:milli)?seconds?\b|minutes?\b|hours?\b|ms\b|s\b|images/s|[GM]i?B\b)"
)
# what is set, not measured: definitions, limits, sizes that were chosen
GIVEN = ("1 % of the greatest possible one", "100 %")


def blocks(text: str) -> list[str]:
    """Paragraphs without code, maths, links' addresses and raw HTML.

    A block with a reference to a publication speaks of that publication's numbers; the comment ``<!-- given -->`` marks
    a number that was set and not measured. An exercise sets its own numbers.
    """
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    kept = [
        b
        for b in re.split(r"\n\s*\n", text)
        if not re.search(r"\{cite|arxiv\.org|openreview|<!-- given|^> \*\*Exercise", b)
    ]
    return [
        re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]*>|\{\{.*?\}\}", "", b, flags=re.DOTALL) for b in kept
    ]


def typed(text: str) -> list[str]:
    found = []
    for block in blocks(text):
        for phrase in GIVEN:
            block = block.replace(phrase, "")
        found += [block[max(0, m.start() - 40) : m.end() + 20].replace("\n", " ") for m in MEASURED.finditer(block)]
    return found


def test_notebooks_type_no_number(notebook: dict) -> None:
    prose = "\n\n".join(c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
    assert not typed(prose)


def test_pages_type_no_number(root: Path) -> None:
    pages = [root / "README.md", *sorted((root / "book").glob("*.md"))]
    assert not {p.name: f for p in pages if (f := typed(p.read_text(encoding="utf-8")))}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("BCT reaches 22.9 % mAP.", 1),
        ("It takes 12 seconds, or 3 min.", 1),
        ("It is 4.5× faster and costs 2 points.", 2),
        ("Shen et al. report 46.8 % ([paper](https://arxiv.org/abs/2003.11942)).", 0),
        ("A margin of $0.3$, `x = 5 %`, and 128×64 pixels.", 0),
        ("At most 3 minutes. <!-- given -->", 0),
        ("```\n22.9 %\n```\nnothing", 0),
        ("BCT reaches {{ result.bct }} mAP.", 0),
    ],
)
def test_the_search_itself(text: str, count: int) -> None:
    assert len(typed(text)) == count
