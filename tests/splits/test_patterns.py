"""Regular expressions of `Predefined`: those that may run for ages are refused before they run."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splits.dealing.patterns import checked_pattern
from splits.errors import SplitError
from splits.recipes.predefined import Predefined


@pytest.mark.parametrize(
    "pattern",
    [
        "train|extra",
        "(train|extra)_.*",
        "(?i)TEST(_[ab])?",
        r"\d{4}-\d{2}-\d{2}",
        r"[(+)]+\(a\)+",
        "[]a)]*",
        "[^])]*x",
        "(?#a (+)a+",
        r"(?P<site>\w+)_\d+?(?=_)_.*",
        "|".join(f"case {number}" for number in range(1000)),
    ],
)
def test_plain_expressions_pass(pattern):
    assert checked_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+", r"'\(a\+\)\+' has a repeated group, .*or list the values"),
        ("(a|a)*b", "repeated group"),
        ("(a?){30}a{30}", "repeated group"),
        ("(?:a+)+?", "repeated group"),
        ("((a+))++", "repeated group"),
        ("(?#[)(a+)+(?#])", "repeated group"),
        (r"[\]](a*)*", "repeated group"),
        (r"\\\\(a*)*", "repeated group"),
        ("(?x)a # [\n(a+)+ # ]", "has the flag x"),
        ("(?i-s:(?ix:a # [\n(a+)+ # ]\n))", "has the flag x"),
        ("a?" * 30 + "a" * 30, "30 repeats and 0 groups"),
        ("(a|a)" * 30, "0 repeats and 30 groups"),
        ("a{0,30}" * 9, "9 repeats"),
        ("(", "is not a regular expression"),
        ("a{99999999999}", "is not a regular expression"),
    ],
)
def test_expressions_that_may_run_for_ages_are_refused(pattern, text):
    with pytest.raises(SplitError, match=text):
        Predefined(by="0/split", parts={"train": pattern})


@pytest.mark.filterwarnings(
    "ignore::FutureWarning"
)  # of sets such as "[[a]", which Python may come to read anew
@given(pattern=st.text(alphabet="ab()|*+?[]\\\\{2,}x#^", max_size=14))
def test_every_expression_either_passes_or_is_refused(pattern):
    try:
        checked_pattern(pattern)
    except SplitError:
        return
    text = "a" * 40 + "!"
    assert bool(re.fullmatch(pattern, text)) == bool(re.match(rf"(?:{pattern})\Z", text))


def test_a_hostile_column_ends():
    recipe = Predefined(by="0/split", parts={"a": "a*a*a*b?", "rest": "a.*!"})

    assert recipe.codes({"0/split": np.array(["a" * 40, "a" * 40 + "!"])}, 2).tolist() == [0, 1]
