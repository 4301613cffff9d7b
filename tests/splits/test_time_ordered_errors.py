"""`TimeOrdered`: what it refuses, and what it says then."""

from datetime import timedelta

import numpy as np
import pytest

from h5torch.errors import RegisterError
from splits.errors import SplitError
from splits.recipes.time_ordered import TimeOrdered

PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}
DAYS = np.arange(20).astype("M8[D]")


def codes(times, *, ends=None, **how):
    recipe = TimeOrdered(**{"by": "0/time", "until": None if ends is None else "0/end", **how})
    return recipe.codes({"0/time": np.asarray(times), "0/end": np.asarray(ends)}, len(times))


@pytest.mark.parametrize(
    ("times", "how", "text"),
    [
        ([], {}, r"3 stretches of time need at least as many different times, '0/time' has 0 in 0 rows"),
        ([], {"parts": {"all": 1.0}}, "part 'all' has no row left"),
        (
            np.zeros(9),
            {},
            r"'0/time' has 1 in 9 rows, and rows of one time stay together; ask for fewer parts",
        ),
        (np.zeros(9), {"folds": 3}, "4 stretches of time"),
        (
            np.arange(9),
            {"gap": 2},
            r"achieved with gap=2, purge=None, until=None: train 4, val 0, test 1; lower",
        ),
        (
            np.arange(9),
            {"folds": 3, "gap": 3},
            "fold 0 has no row left to train on: 3 rows come before its 2 test",
        ),
        (
            np.arange(9),
            {"folds": 2, "window": "around", "embargo": 9},
            "fold 0 has no row left to train on: 0 rows",
        ),
        (
            np.arange(9),
            {"folds": 9},
            "9 folds of 1 rows behind at least one row to train on need 10 rows, there are 9",
        ),
        (np.arange(9), {"folds": 2, "test_rows": 5}, "2 folds of 5 rows behind .* need 11 rows, there are 9"),
        (
            [0, 0, 0, 1, 2],
            {"folds": 2, "test_rows": 1, "window": "sliding", "train_rows": 2},
            "raise train_rows=2",
        ),
        ([1.0, np.nan], {}, r"column '0/time' has no finite number in row 1 \(1 in all\)"),
        ([np.inf, 1.0], {}, "no finite number in row 0"),
        (np.array(["NaT", 5], "M8[D]"), {}, "column '0/time' has NaT in row 0"),
        (np.array([1, 2**63], np.uint64), {}, r"has 2\*\*63 or more in row 1"),
        (["2024", "2025"], {}, "column '0/time' has dtype <U4, .* use numbers or datetime64"),
        ([b"2024"], {}, "has dtype .S4"),
        ([True, False], {}, "has dtype bool"),
        (np.zeros((2, 2)), {}, "must have one dimension"),
        (np.array([1, 2], "m8"), {}, "times without a unit"),
        (np.arange(9), {"purge": "7D"}, "purge='7D' has a unit, the times are plain numbers"),
        (DAYS, {"purge": 7}, "purge=7 has no unit, the times are counted in D; write text such as '7D'"),
        (
            DAYS,
            {"purge": "1M"},
            "purge='1M' cannot be counted in D, as months have no fixed length; write .* W, D, h",
        ),
        (np.arange(9).astype("M8[M]"), {"purge": "30D"}, "cannot be counted in M, .* write it in Y or M"),
    ],
)
def test_times_that_will_not_do_are_refused(times, how, text):
    with pytest.raises(SplitError, match=text):
        codes(times, **{"parts": {} if "folds" in how else PARTS, **how})


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        (
            DAYS - np.arange(20),
            "row 1 is at 1970-01-02 in '0/time' and already known at 1970-01-01 in '0/end'",
        ),
        (np.arange(20), "'0/end' holds whole numbers, '0/time' holds times; both must be alike"),
        (np.arange(20.0), "'0/end' holds floats"),
        (DAYS.astype("M8[M]"), "times in D and in M cannot be compared"),
        (np.array(["NaT"] * 20, "M8[D]"), r"column '0/end' has NaT in row 0 \(20 in all\)"),
        (np.arange(1, 21).astype("M8[fs]"), "column '0/time' has times that 64 bits cannot count in fs"),
        (DAYS[:3], "column '0/end' has 3 rows, the axis has 20"),
    ],
)
def test_ends_that_will_not_do_are_refused(ends, text):
    times = DAYS - 400 * 365 if "fs" in text else DAYS
    with pytest.raises(SplitError, match=text):
        codes(times, ends=ends, parts=PARTS)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"by": "time"}, SplitError, "'time' is no column of an axis"),
        ({"parts": {}}, SplitError, "name either parts, .* or folds, as in folds=5"),
        ({"folds": 5}, SplitError, "name either parts"),
        ({"parts": {"a": 2}}, SplitError, "sum to at most 1"),
        ({"parts": {"a/b": 1}}, RegisterError, 'holds "/"'),
        ({"parts": {}, "folds": 1}, SplitError, "folds must be a whole number from 2 up, got 1"),
        ({"parts": {}, "folds": True}, SplitError, "folds must be a whole number"),
        ({"gap": -1}, SplitError, "gap must be a whole number from 0 up, got -1"),
        ({"gap": None}, SplitError, "gap must be a whole number"),
        ({"purge": -1}, SplitError, "purge must be a number from 0 up in the units of the times, or text"),
        ({"purge": float("inf")}, SplitError, "got inf"),
        ({"purge": "7"}, SplitError, "got '7'"),
        ({"purge": "7d"}, SplitError, "got '7d'"),
        ({"purge": "1.5D"}, SplitError, "got '1.5D'"),
        ({"purge": np.timedelta64("NaT", "D")}, SplitError, "got np.timedelta64"),
        ({"purge": timedelta(days=-1)}, SplitError, "got datetime.timedelta"),
        ({"purge": True}, SplitError, "got True"),
        ({"until": "1/end"}, SplitError, "'0/time' of axis 0, '1/end' of axis 1"),
        ({"until": "0/time"}, SplitError, "is the column of times itself"),
        ({"embargo": 1}, SplitError, "embargo means nothing here: .* embargo for folds with window='around'"),
        ({"test_rows": 3}, SplitError, "test_rows means nothing here"),
        ({"window": "around"}, SplitError, "window means nothing here"),
        (
            {"window": "rolling"},
            SplitError,
            "window must be one of 'expanding', 'sliding', 'around', got 'rolling'",
        ),
        ({"parts": {}, "folds": 3, "window": "sliding"}, SplitError, "a sliding window needs train_rows"),
        ({"parts": {}, "folds": 3, "train_rows": 3}, SplitError, "no other takes it"),
        (
            {"parts": {}, "folds": 3, "window": "around", "test_rows": 3},
            SplitError,
            "test_rows means nothing",
        ),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(changes, error, text):
    with pytest.raises(error, match=text):
        TimeOrdered(**{"by": "0/time", "parts": PARTS, **changes})
