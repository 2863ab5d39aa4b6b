"""Source code folded to the width of a page."""

import ast
import inspect

import pytest

from rbcl_lite import agents, memory
from rbcl_lite.losses import contrastive, influence, list_ap, mixing, ranking_kernel
from rbcl_lite.plots.folding import fold
from rbcl_lite.plots.notebook import show_code

MODULES = [agents, memory, contrastive, influence, list_ap, mixing, ranking_kernel]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_a_file_keeps_its_meaning_and_fits(module) -> None:
    text = inspect.getsource(module)
    assert ast.dump(ast.parse(fold(text))) == ast.dump(ast.parse(text))
    for name, thing in inspect.getmembers(module, inspect.isfunction):
        if thing.__module__ == module.__name__:
            assert max(map(len, show_code(thing).data.splitlines())) <= 88, name


@pytest.mark.parametrize(
    "text",
    [
        "value = [entry for row in table_of_everything for entry in row if entry is not None and entry > 0]",
        "answer = first_value_of_all if condition_of_all else second_value_of_all",
        "call(argument_one, key=lambda a, b: a + b, *others, **everything_else_there_is)",
        "raise ValueError(f'one {value} and another {other} and a third that is as long as the first')",
        "def name(self, one: int, two: tuple[int, int], *, three: str = 'abc') -> dict[str, int]:\n    pass",
        "with open(name_of_the_first_file) as first_file, open(name_of_the_second) as second:\n    pass",
    ],
)
def test_small_pieces(text: str) -> None:
    folded = fold(text, 44)
    assert ast.dump(ast.parse(folded)) == ast.dump(ast.parse(text))
    assert len(folded.splitlines()) > len(text.splitlines())


@pytest.mark.parametrize(
    "text", ["x = 1", "name_without_any_place_to_break_it_at_all", '"""a docstring\n\nof lines"""']
)
def test_what_cannot_be_broken_stays(text: str) -> None:
    assert fold(text, 10) == text


def test_shown_code_fits_the_page() -> None:
    assert max(map(len, show_code(mixing.mix_features).data.splitlines())) <= 88
