"""What a reader is told of the age of a result."""

import copy

import pytest

from rbcl_lite.experiments.freshness import age
from rbcl_lite.experiments.tables.runs import load_result


@pytest.fixture(scope="module")
def recipe() -> dict:
    return load_result("recipe")


def test_a_result_of_the_code_that_is_here(recipe: dict) -> None:
    assert age(recipe) == f"Measured on {recipe['date']}, by the code that is here."


def test_a_result_of_other_code(recipe: dict) -> None:
    older = copy.deepcopy(recipe)
    for record in older["runs"]:
        record["run"] = record["run"].replace("bct-", "bct-0")
    assert "(1 of 3 methods)" in age(older) and "must not be compared" in age(older)
