"""`Stratified`: exact, deterministic, blind to the labels' names."""

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, FormatError
from splits import SplitError, Stratified
from splits.book import BOOK

PARTS = {"train": 0.8, "val": 0.1, "test": 0.1}
LABELS = st.lists(st.integers(0, 5), min_size=3, max_size=200)


def recipe(**changes):
    return Stratified(**{"by": "0/type", "parts": PARTS, "seed": 0, "rare": "keep", **changes})


def codes(labels, **changes):
    return recipe(**changes).codes({"0/type": np.asarray(labels)}, len(labels))


def test_the_codes_are_pinned():
    labels = np.arange(1000) * 7919 % 13 % 5
    found = codes(labels, seed=42)

    assert found[:20].tolist() == [0, 2, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert hashlib.sha256(found.tobytes()).hexdigest()[:16] == "26453c127bdb2e3e"


@given(labels=LABELS, seed=st.integers(0, 2**64 - 1))
def test_classes_have_their_shares_within_a_row(labels, seed):
    found, labels = codes(labels, seed=seed), np.array(labels)

    assert found.dtype == np.uint8
    for label in np.unique(labels):
        counts = np.bincount(found[labels == label], minlength=3)
        size = counts.sum()
        if size >= 10:
            assert np.abs(counts - size * np.array([0.8, 0.1, 0.1])).max() < 1
        elif size >= 3:
            assert counts.min() >= 1


@given(labels=LABELS, names=st.permutations(["zebra", "ant", "", "10", "9", "é"]))
def test_the_names_of_labels_do_not_matter(labels, names):
    names = [name or "none" for name in names]
    by_number = codes(labels)

    assert np.array_equal(codes(np.array(names)[labels]), by_number)
    assert np.array_equal(codes(np.array([name.encode() for name in names])[labels]), by_number)
    assert np.array_equal(codes(-1.5 * np.array(labels)), by_number)
    assert np.array_equal(codes(np.array(labels, "datetime64[s]")), by_number)


@given(labels=LABELS)
def test_several_columns_count_jointly(labels):
    labels = np.array(labels)
    pair = {"0/type": labels % 2, "0/site": np.array(["a", "b", "c"])[labels // 2]}
    jointly = recipe(by=("0/type", "0/site")).codes(pair, len(labels))

    assert np.array_equal(jointly, codes(labels))
    assert np.array_equal(jointly, recipe(by=["0/site", "0/type"]).codes(pair, len(labels)))


def test_shares_below_one_leave_rows_out():
    found = codes(np.arange(1000) % 2, parts={"train": 0.5, "test": 0.2})

    assert np.unique(found, return_counts=True)[1].tolist() == [500, 200, 300]
    assert np.unique(found).tolist() == [0, 1, 255]


def test_other_seeds_choose_other_rows():
    labels = np.arange(1000) % 3

    assert (codes(labels) != codes(labels, seed=1)).mean() > 0.2


def test_every_row_is_in_every_part_as_often_as_its_share():
    halves = {"a": 0.5, "b": 0.5}
    counts = sum(codes(np.arange(30) % 3, seed=seed, parts=halves).astype(int) for seed in range(400))

    assert np.abs(counts - 200).max() < 5 * np.sqrt(100)


def test_rows_of_their_own_class_are_dealt_at_random():
    """Each row is a stratum of one: the first rows must not all go to the first part."""
    found = codes(np.arange(1000))

    assert np.bincount(found).tolist() == [800, 100, 100]
    assert 60 < np.bincount(found[:500])[1] + np.bincount(found[:500])[2] < 140


def test_a_million_text_labels_take_less_than_a_second_or_so():
    labels = np.array([f"type_{number}" for number in range(37)])[np.arange(10**6) * 7919 % 37]
    start = time.perf_counter()
    codes(labels)

    assert time.perf_counter() - start < 3


@given(
    by=st.lists(st.sampled_from(["0/a", "0/b", "0/é"]), min_size=1, unique=True),
    weights=st.lists(st.floats(1e-3, 0.2), min_size=1, max_size=5),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_recipe_comes_back_from_its_json(by, weights, seed):
    made = Stratified(by=by, parts={f"p{n}": share for n, share in enumerate(weights)}, seed=seed)

    assert BOOK.loads(BOOK.dumps(made), path="/x") == made
    assert hash(made) == hash(BOOK.loads(BOOK.dumps(made), path="/x"))


def test_a_recipe_describes_what_it_needs():
    made = recipe(by=("1/gene", "1/chromosome"))

    assert (made.axis, made.keys, made.frame.roles) == (
        1,
        ("1/gene", "1/chromosome"),
        ("train", "val", "test"),
    )
    assert recipe(by="central").axis == 0


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"by": ()}, SplitError, "no column is named"),
        ({"by": ("0/a", "0/a")}, SplitError, "a column comes twice"),
        ({"by": ("0/a", "1/b")}, SplitError, "'0/a' of axis 0, '1/b' of axis 1; split one axis at a time"),
        ({"by": "type"}, SplitError, "'type' is no column of an axis; write 'central' or"),
        ({"by": "unstructured/x"}, SplitError, "is no column of an axis"),
        ({"by": "0/"}, SplitError, "is no column of an axis"),
        ({"by": ("0/a", 3)}, SplitError, "3 is no column of an axis"),
        ({"by": 3}, SplitError, "by must be the key of a column such as '0/type', or several, got 3"),
        ({"parts": {"a": 2}}, SplitError, "sum to at most 1"),
        ({"seed": -1}, ArgumentTypeError, r"seed must lie in \[0, 2\*\*64\)"),
        ({"seed": 1.0}, ArgumentTypeError, "seed must be an integer"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(changes, error, text):
    with pytest.raises(error, match=text):
        recipe(**changes)


def test_there_is_no_silent_seed():
    without_seed = {"by": "0/type", "parts": PARTS}
    with pytest.raises(
        ArgumentTypeError, match="seed= is missing, and no recipe has a silent one; write seed=0"
    ):
        Stratified(**without_seed)
    with pytest.raises(FormatError, match="seed= is missing.* @ /x"):
        BOOK.loads('{"recipe":"stratified","version":1,"by":["0/a"],"parts":[["a",0.5]]}', path="/x")


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([0.0, np.nan, 1.0, np.nan], r"column '0/type' has NaN in row 1 \(2 in all\)"),
        (["a", "", "b", "c"], r"column '0/type' has an empty label in row 1 \(1 in all\)"),
        (np.array(["2020", "NaT", "2021", "2022"], "datetime64[D]"), "has NaT in row 1"),
        (np.zeros((4, 2, 1)), r"must have one dimension, has shape \(4, 2, 1\)"),
        ([0, 1], "3 parts need at least as many rows, there are 2"),
    ],
)
def test_labels_that_are_none_are_refused(labels, text):
    with pytest.raises(SplitError, match=text):
        codes(labels)


def test_columns_that_do_not_fit_the_axis_are_refused():
    with pytest.raises(SplitError, match="column '0/type' has 4 rows, the axis has 5; fill or register"):
        recipe().codes({"0/type": np.arange(4)}, 5)
    with pytest.raises(SplitError, match="column '0/type' is not among those given: '0/typ'"):
        recipe().codes({"0/typ": np.arange(5)}, 5)
