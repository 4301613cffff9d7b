"""`LeaveOut`: named values go where they are told, and each value can be a fold."""

import hashlib
import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, RegisterError
from splits.book import BOOK
from splits.errors import SplitError
from splits.recipes.leave_out import LeaveOut

SPLITTERS = importlib.import_module("sklearn.model_selection")

SITES = np.array(["oslo", "rome", "kyiv", "oslo", "bergen", "rome"])
NAMES = ["oslo", "rome", "kyiv", "bergen", "Ærø", "東京"]


def codes(values, *, held=None, **how):
    recipe = LeaveOut(by="0/site", **how)
    return recipe.codes({"0/site": np.asarray(values)}, len(values), held)


def folds(values, **how):
    recipe = LeaveOut(by="0/site", folds=True, **how)
    found = recipe.codes({"0/site": np.asarray(values)}, len(values))
    return recipe.frame.table("cv", 0, found)


def test_named_values_go_to_their_part_and_all_others_to_the_rest():
    how = {"parts": {"test": ["oslo", "rome"], "val": "kyiv"}}

    assert LeaveOut(by="0/site", **how).frame.roles == ("train", "test", "val")
    assert codes(SITES, **how).tolist() == [1, 1, 2, 1, 0, 1]
    assert codes(SITES, **how, rest="other").tolist() == [1, 1, 2, 1, 0, 1]
    assert codes(SITES, **how, rest=None).tolist() == [0, 0, 1, 0, 255, 0]


def test_the_codes_are_pinned():
    sites = np.array(NAMES)[np.arange(1000) * 7919 % 101 % 6]
    parts, cv = codes(sites, parts={"test": ["rome", "東京"]}), codes(sites, folds=True)

    assert parts.dtype == cv.dtype == np.uint8
    assert hashlib.sha256(parts.tobytes()).hexdigest()[:16] == "708a3dada1c9b579"
    assert hashlib.sha256(cv.tobytes()).hexdigest()[:16] == "0d4a8d538ecbe072"


@given(
    values=st.lists(st.sampled_from(NAMES), min_size=1),
    part_of=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["val", "test"]), min_size=1),
)
def test_every_row_is_where_its_value_says(values, part_of):
    part_of = {name: part for name, part in part_of.items() if name in values}
    wanted = {}
    for name, part in part_of.items():
        wanted.setdefault(part, []).append(name)
    if not wanted or set(part_of) == set(values):
        return
    roles = LeaveOut(by="0/site", parts=wanted).frame.roles
    found = codes(values, parts=wanted)

    assert [roles[code] for code in found] == [part_of.get(value, "train") for value in values]


@given(values=st.lists(st.sampled_from(NAMES), min_size=1).filter(lambda values: len(set(values)) > 1))
def test_folds_are_those_of_leave_one_group_out(values):
    found = folds(values)
    theirs = list(SPLITTERS.LeaveOneGroupOut().split(values, groups=values))

    assert len(found) == len(theirs) == len(set(values))
    for fold, (train, test) in zip(found.all_folds(), theirs, strict=True):
        assert np.array_equal(fold.rows("train"), train)
        assert np.array_equal(fold.rows("test"), test)


@pytest.mark.parametrize(
    "values",
    [
        np.array([10, 9, -3, 10], np.int8),
        np.array([2**63, 5, 2**64 - 1, 5], np.uint64),
        np.array([0.5, -0.0, 0.0, -1e300]),
        np.array([True, False, True]),
        np.array(["2024-05-01", "1969-12-31", "2024-05-01"], "datetime64[D]"),
        np.array(["10", "9", "é", "z"]),
        np.array(["10", "9", "é", "z"], object),
        np.array([b"10", b"9", "é".encode(), b"z"]),
    ],
)
def test_folds_are_in_the_order_of_their_values(values):
    assert np.array_equal(codes(values, folds=True)[0], np.unique(values, return_inverse=True)[1])


@given(order=st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order):
    for how in ({"folds": True}, {"parts": {"test": "rome"}}, {"folds": True, "parts": {"test": "rome"}}):
        assert np.array_equal(codes(SITES[order], **how), codes(SITES, **how)[..., order])


def test_values_in_parts_are_in_no_fold():
    found = folds(SITES, parts={"test": "oslo", "other": ["kyiv"]})

    assert (found.roles, found.fixed) == (("train", "val"), ("test", "other"))
    assert [fold.counts for fold in found.all_folds()] == [
        {"train": 2, "val": 1, "test": 2, "other": 1},
        {"train": 1, "val": 2, "test": 2, "other": 1},
    ]
    assert found.around().counts == {"train": 3, "test": 2, "other": 1}
    assert folds(SITES, parts={"val": "oslo"}, rest="fit").roles == ("fit", "test")
    assert folds(SITES, parts={"val": "oslo"}, rest="test").roles == ("test", "held_out")
    assert folds(SITES, rest="test").roles == ("test", "held_out")


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (np.array([1, 2, 3]), 2),
        (np.array([1, 2, 3], np.uint8), 2.0),
        (np.array([1.0, 2.0, 3.0]), np.int64(2)),
        (np.array([0.1, 0.2, 0.3], np.float32), 0.2),
        (np.array([0.1, 0.2, 0.3], np.float16), 0.2),
        (np.array([False, True, False]), True),
        (np.array(["a", "b", "c"]), np.str_("b")),
        (np.array([b"a", b"b", b"c"]), "b"),
        (np.array([4, 5, 6], "datetime64[D]"), "1970-01-06"),
        (np.array([4, 5, 6], "datetime64[D]"), "1970-01-06T00:00:00"),
        (np.array([4, 5, 6], "datetime64[D]").astype("datetime64[ns]"), np.datetime64(5, "D")),
    ],
)
def test_a_value_is_found_whatever_the_column_holds_it_in(values, asked):
    assert codes(values, parts={"test": asked}).tolist() == [0, 1, 0]
    assert codes(values, parts={"test": np.array([asked])}).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("values", "how", "text"),
    [
        (
            SITES,
            {"parts": {"test": "olso"}},
            r"did you mean 'oslo'\? its values and their rows are 'bergen' \(1\)",
        ),
        (SITES, {"parts": {"test": "olso"}}, r"part 'test' names 'olso', which no row has in '0/site'"),
        (SITES, {"parts": {"test": "x"}}, r"'kyiv' \(1\), 'oslo' \(2\), 'rome' \(2\)$"),
        (SITES, {"parts": {"test": 3}}, "part 'test' names 3, column '0/site' holds text"),
        (
            np.arange(10_001),
            {"parts": {"test": -1}},
            r"has in '0/site'; its values and their rows are 0 \(1\), 1",
        ),
        ([1, 2], {"parts": {"test": "1"}}, r"names '1', column '0/site' holds numbers; .* 1 \(1\), 2 \(1\)"),
        ([1, 0], {"parts": {"test": True}}, "names True, column '0/site' holds numbers"),
        ([True, False], {"parts": {"test": 1}}, "names 1, column '0/site' holds bools"),
        ([0.1, 0.2], {"parts": {"test": 0.3}}, r"names 0.3, which no row has"),
        (np.array([4, 5], "M8[D]"), {"parts": {"test": "today"}}, r"'1970-01-05' \(1\), '1970-01-06' \(1\)"),
        (np.array([4, 5], "M8[D]"), {"parts": {"test": "19-x"}}, "names '19-x', which no row has"),
        (np.array([4, 5], "M8[D]"), {"parts": {"test": 4}}, "column '0/site' holds times"),
        (np.arange(20), {"parts": {"test": 30}}, r"11 \(1\), … \(20 values in all\)"),
        (
            SITES,
            {"parts": {"test": NAMES[:4]}},
            "all 4 values of '0/site' are in parts, no row is left for 'train'",
        ),
        (
            np.array([0.2], "f4"),
            {"parts": {"a": 0.2, "b": float(np.float32(0.2))}},
            "is in parts 'a' and 'b'",
        ),
        (np.array([], "U1"), {"parts": {"test": "a"}}, "the column has no rows"),
        (np.array([]), {"folds": True}, "needs 2 to 254 values, 0 are left"),
        (["a"], {"folds": True}, r"needs 2 to 254 values, 1 are left; name fewer in parts"),
        (SITES, {"folds": True, "parts": {"test": NAMES[:3]}}, "needs 2 to 253 values, 1 are left"),
        (np.arange(255), {"folds": True}, r"2 to 254 values, 255 are left; hold out .* Grouped\(by="),
        ([0.0, np.nan], {"folds": True}, r"column '0/site' has NaN in row 1 \(1 in all\)"),
        (["a", "", ""], {"folds": True}, r"has an empty text in row 1 \(2 in all\)"),
        (np.array(["NaT", 5], "M8[D]"), {"folds": True}, "has NaT in row 0"),
        ([b"\xff", b"a"], {"folds": True}, "holds bytes that are not UTF-8"),
        (np.array([[1], [2, 3]], object), {"folds": True}, "dtype object, which does not do here; use text"),
        (np.array([1 + 2j]), {"folds": True}, "dtype complex128"),
        (np.zeros((2, 2)), {"folds": True}, "must have one dimension"),
    ],
)
def test_a_column_that_will_not_do_is_refused(values, how, text):
    with pytest.raises(SplitError, match=text):
        codes(values, **how)


def test_up_to_254_values_are_folds():
    assert len(folds(np.arange(254))) == 254


def test_added_rows_follow_their_values():
    how = {"parts": {"test": ["oslo"]}}
    held = codes(SITES[:4], **how)

    assert np.array_equal(codes(SITES, held=held, **how), codes(SITES, **how))
    assert codes([*SITES, "turin"], held=codes(SITES, **how), **how)[-1] == 0
    again = [*SITES, "rome"]
    assert np.array_equal(codes(again, held=codes(SITES, folds=True), folds=True), codes(again, folds=True))


def test_added_rows_that_would_move_others_are_refused():
    with pytest.raises(
        SplitError, match=r"row 6 has 'turin', a new value of '0/site', which would be a new fold"
    ):
        codes([*SITES, "turin"], held=codes(SITES, folds=True), folds=True)
    with pytest.raises(SplitError, match="row 0 would move"):
        codes(["rome", *SITES[1:]], held=codes(SITES, parts={"test": "oslo"}), parts={"test": "oslo"})


def test_recipes_that_name_other_values_are_unequal():
    true, one = LeaveOut(by="0/site", parts={"a": True}), LeaveOut(by="0/site", parts={"a": 1})

    assert true != one == LeaveOut(by="0/site", parts={"a": np.int8(1)})
    assert len({true, one}) == 2


VALUES = st.one_of(st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))


@given(
    values=st.lists(VALUES, min_size=1, max_size=6, unique_by=lambda value: (type(value) is bool, value)),
    rest=st.sampled_from([None, "train", "übrige"]),
)
def test_a_recipe_comes_back_from_its_json(values, rest):
    made = LeaveOut(
        by="1/site", parts={"test": values, "val": "\0only here"}, rest=rest, folds=rest == "train"
    )
    again = BOOK.loads(BOOK.dumps(made), path="/x")

    assert again == made
    assert [*map(type, again.parts[0][1])] == [*map(type, values)]
    assert hash(again) == hash(made)
    assert (again.axis, again.keys, again.frame) == (1, ("1/site",), made.frame)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"by": "site"}, SplitError, "'site' is no column of an axis"),
        ({"parts": {}}, SplitError, "name the values to leave out"),
        ({"parts": {"test": []}}, SplitError, "part 'test' names no value"),
        ({"parts": {"test": None}}, SplitError, "got None among them"),
        ({"parts": {"test": {"a", "b"}}}, SplitError, "must name text, bools or finite numbers"),
        ({"parts": {"test": [1.0, float("nan")]}}, SplitError, "got nan among them"),
        ({"parts": ["test"]}, SplitError, "got 'test' among them"),
        ({"parts": {"a": ["x"], "b": ["y", "x"]}}, SplitError, "value 'x' is in parts 'a' and 'b'"),
        (
            {"parts": {"train": "x"}},
            SplitError,
            "part 'train' has values and is the rest too; pass rest=None",
        ),
        ({"rest": "a/b"}, RegisterError, 'holds "/"'),
        ({"rest": 3}, ArgumentTypeError, "a name must be text"),
        ({"folds": True, "rest": None}, SplitError, "folds train on the rest, which must have a name"),
        ({"folds": True, "rest": "7"}, SplitError, "cannot have a number for a name, got '7'"),
        (
            {"folds": True, "parts": {"val": "a", "test": "b"}, "rest": "held_out"},
            RegisterError,
            "'val' comes twice",
        ),
        ({"folds": 5}, SplitError, "folds must be True or False, got 5"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(changes, error, text):
    with pytest.raises(error, match=text):
        LeaveOut(**{"by": "0/site", "parts": {"test": "oslo"}, **changes})
