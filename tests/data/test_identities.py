"""Names of people that are numbers, missing, or nobody."""

import numpy as np
import pytest

from rbcl_lite.data.identities import canonical, check_spellings, drawn, is_unknown, known_people


def known(*names):
    return known_people(names, [f"line {i}" for i in range(len(names))], "t.csv").tolist()


@pytest.mark.parametrize(
    ("name", "plain"),
    [("7", "7"), ("007", "7"), ("12.0", "12"), ("12.", "12"), ("-01", "-1"), ("+3", "3"), ("0", "0"), ("000", "0")],
)
def test_whole_numbers_have_one_spelling(name, plain):
    assert canonical(name) == plain


@pytest.mark.parametrize("name", ["12.5", "1e3", "0x7", "7a", "c7", "1_000", "\u0663", "v1.0", " 7", "anna 02"])
def test_other_text_stays_as_it_is(name):
    assert canonical(name) == name


def test_drawn_numbers_are_uniform_and_independent():
    values = np.array([[drawn(s, "part", f"p{i}") for i in range(2000)] for s in (0, 1)])
    assert 0 <= values.min() and values.max() < 1
    assert values.mean(1) == pytest.approx(0.5, abs=0.03) and abs(np.corrcoef(values)[0, 1]) < 0.08


def test_names_of_two_draws_are_not_run_together():
    assert drawn(0, "a", "bc") != drawn(0, "ab", "c") and drawn(1, "1") != drawn(11, "1")
    assert 0 <= drawn(0, "broken\udcff") < 1  # a file name that is no text


@pytest.mark.parametrize("name", ["", "nan", "NaN", "None", "NULL", "N/A", "NA", "<NA>", "#N/A", "NaT"])
def test_missing_values_are_errors_that_name_the_places(name):
    assert is_unknown(name)
    with pytest.raises(ValueError, match=rf"t.csv: no id in 2 of 4 places: {name!r} in line 1, {name!r} in line 3"):
        known("7", name, "8", name)


@pytest.mark.parametrize("name", ["Na", "na", "Nan Goldin", "Nonette", "0", "nobody"])
def test_names_that_only_look_missing(name):
    assert known(name, "8") == [True, True]


@pytest.mark.parametrize("junk", ["-1", "-1.0", "-01"])
def test_junk_is_left_out_and_counted(junk):
    with pytest.warns(UserWarning, match=r"t.csv: 2 of 5 images have identity -1 \(junk\) and are left out"):
        assert known("7", junk, "0", junk, "9") == [True, False, True, False, True]


def test_nothing_but_junk_and_other_negative_numbers():
    with pytest.raises(ValueError, match="all 2 images have identity -1"):
        known("-1", "-1")
    with pytest.raises(ValueError, match=r"identity -5 below zero in line 1 \(2 in all\)"):
        known("7", "-5", "-2")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["7", "007", "8"], "'007' and '7'"),
        (["12", "12.0"], "'12' and '12.0'"),
        (["3", "03", "003", "5"], "'003' and '03' and '3'"),
        (["Zo\u00eb", "Zoe\u0308"], "and"),
    ],
)
def test_one_number_in_two_spellings(names, shown):
    with pytest.raises(ValueError, match=rf"t.csv writes 1 of its identity names in more than one way: .*{shown}"):
        known(*names)


def test_padded_numbers_and_numbers_with_a_point_are_fine_where_they_are_consistent():
    assert all(known("007", "012", "123")) and all(known("7.0", "12.0")) and all(known("7", "12", "c07"))


def test_the_number_of_doubtful_names_and_three_of_them_are_named():
    names = [f"{i}" for i in range(9)] + [f"{i:02d}" for i in range(9)]
    with pytest.raises(ValueError, match=r"9 of its camera names .*'0' and '00'; '01' and '1'; '02' and '2'\. Write"):
        check_spellings(names, "camera", "t.csv")
