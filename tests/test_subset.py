"""Subsets, windows, row numbers and names: pure functions against set algebra."""

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, H5torchError, RegisterError, RowError, SubsetError
from h5torch.names import check_name, did_you_mean
from h5torch.rows import as_rows, read_only
from h5torch.subset import check_windows, intersect, rows_matching, rows_of_subset, windows_of_size


@given(mask=st.lists(st.booleans()))
def test_a_mask_gives_the_rows_that_are_true(mask):
    expected = [row for row, wanted in enumerate(mask) if wanted]
    for given_as in (mask, np.array(mask, dtype=bool)):
        if mask or isinstance(given_as, np.ndarray):
            assert rows_of_subset(given_as, n_rows=len(mask)).tolist() == expected


@given(n_rows=st.integers(1, 50), data=st.data(), dtype=st.sampled_from([np.int8, np.int64, None]))
def test_indices_are_what_python_means_by_them(n_rows, data, dtype):
    """Any order, repeats, negative ones: the oracle is `range(n)[i]`."""
    asked = data.draw(st.lists(st.integers(-n_rows, n_rows - 1)))
    given_as = asked if dtype is None else np.array(asked, dtype=dtype)
    expected = [range(n_rows)[index] for index in asked]
    assert rows_of_subset(given_as, n_rows=n_rows).tolist() == expected
    assert as_rows(given_as, n_rows=n_rows, what="x").tolist() == expected


@pytest.mark.parametrize(
    ("subset", "error", "match"),
    [
        ([True, False], SubsetError, "the mask has 2 entries for 5 rows"),
        (np.zeros(0, bool), SubsetError, "the mask has 0 entries for 5 rows"),
        ([0.0, 1.0], SubsetError, "found values of float64"),
        (["a"], SubsetError, "found values of <U1"),
        ([[0, 1]], SubsetError, r"found shape \(1, 2\)"),
        ([[0], [1, 2]], SubsetError, "rows of different length"),
        (3, SubsetError, r"found shape \(\)"),
        ({0, 1}, SubsetError, r"found shape \(\)"),
        ([0, 5], RowError, "index 5 is out of range for 5 rows"),
        ([-6], RowError, "index -6 is out of range"),
        (np.array([2**64 - 1], np.uint64), RowError, "index 18446744073709551615 is out of range"),
    ],
)
def test_a_subset_that_does_not_fit_is_refused(subset, error, match):
    with pytest.raises(error, match=match):
        rows_of_subset(subset, n_rows=5)


@pytest.mark.parametrize("indices", [[0.5], [True], ["a"], [[0, 1]], [[0], [1, 2]], {1}, [2**70]])
def test_only_flat_integers_are_indices(indices):
    with pytest.raises(ArgumentTypeError, match="x: indices must be a flat list of integers"):
        as_rows(indices, n_rows=3, what="x")


def test_no_indices_are_no_rows():
    for empty in ([], np.zeros(0), ()):
        assert rows_of_subset(empty, n_rows=3).tolist() == []
        assert as_rows(empty, n_rows=0, what="x").dtype == np.intp


@given(
    labels=st.lists(st.sampled_from(["val", "val_sub", "train", "", "a.b"])),
    pattern=st.sampled_from(["val", "val$", "", "a.b", "t|v"]),
)
def test_a_pattern_matches_the_beginning_of_a_label(labels, pattern):
    """The oracle is `re.match` on every label."""
    expected = [row for row, label in enumerate(labels) if re.match(pattern, label)]
    array = np.array(labels, dtype=np.str_)
    if expected:
        assert rows_matching(array, pattern, key="0/x", n_rows=len(labels)).tolist() == expected
    else:
        with pytest.raises(SubsetError, match=r"matches none of \d+ labels of '0/x'"):
            rows_matching(array, pattern, key="0/x", n_rows=len(labels))


def test_patterns_that_make_no_sense_are_refused():
    with pytest.raises(SubsetError, match=re.escape("'(' is not a regular expression")):
        rows_matching(np.array(["a"]), "(", key="0/x", n_rows=1)
    with pytest.raises(SubsetError, match=r"shape \(1,\), one label for each of 2 rows"):
        rows_matching(np.array(["a"]), "a", key="0/x", n_rows=2)


def test_only_distinct_labels_are_matched():
    """An expression that takes a millisecond a label would take minutes over 100,000 rows."""
    labels = np.array(["a" * 16 + "b", "c"])[np.arange(100_000) % 2]
    start = time.perf_counter()
    rows = rows_matching(labels, "(a+)+$|c", key="0/x", n_rows=len(labels))
    assert len(rows) == 50_000
    assert time.perf_counter() - start < 5


@given(subset=st.lists(st.integers(0, 9)), part=st.lists(st.integers(0, 9), unique=True))
def test_the_intersection_keeps_the_order_and_repeats_of_the_subset(subset, part):
    found = intersect(np.array(subset, dtype=np.intp), np.array(part, dtype=np.intp))
    assert found.tolist() == [row for row in subset if row in part]


@given(n_rows=st.integers(0, 60), size=st.integers(1, 12), data=st.data())
def test_windows_have_one_size_share_the_overlap_and_stop_at_the_end(n_rows, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    windows = windows_of_size(n_rows, size=size, overlap=overlap)
    assert windows.bounds(np.arange(len(windows))).tolist() == [
        [start, start + size] for start in range(0, n_rows, size - overlap) if start + size <= n_rows
    ]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (-1, 0), (3, 3), (3, -1)])
def test_windows_that_do_not_move_on_are_refused(size, overlap):
    with pytest.raises(SubsetError, match=f"found {size} and {overlap}"):
        windows_of_size(10, size=size, overlap=overlap)


@pytest.mark.parametrize(("size", "overlap"), [(2.5, 0), (3, 1.0), ("3", 0)])
def test_windows_are_counted_in_whole_rows(size, overlap):
    with pytest.raises(ArgumentTypeError, match="whole numbers"):
        windows_of_size(10, size=size, overlap=overlap)


@given(windows=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=1))
def test_explicit_windows_stay_as_they_are(windows):
    asked = [[start, start + size] for start, size in windows]
    assert check_windows(asked, n_rows=14).tolist() == asked


@pytest.mark.parametrize(
    ("windows", "error", "match"),
    [
        ([[0, 3], [2, 11]], RowError, r"window 1, \[2, 11\], lies outside the 10 rows"),
        ([[-1, 3]], RowError, "window 0"),
        (np.array([[0, 2**64 - 1]], np.uint64), RowError, "window 0"),
        ([[3, 3]], SubsetError, "holds no row"),
        ([[0, 2], [5, 2]], SubsetError, r"window 1, \[5, 2\], holds no row"),
        ([0, 3], SubsetError, "integers of shape"),
        ([[0, 1, 2]], SubsetError, "integers of shape"),
        ([[0.0, 1.0]], SubsetError, "integers of shape"),
        ([[0, 1], [2]], SubsetError, "rows of different length"),
    ],
)
def test_windows_that_do_not_fit_are_refused(windows, error, match):
    with pytest.raises(error, match=match):
        check_windows(windows, n_rows=10)


@given(name=st.text(min_size=1, max_size=300))
def test_a_name_passes_exactly_if_every_reader_can_hold_it(name):
    """No slash, no NUL, no lone surrogate, no dots alone, at most 255 bytes of UTF-8."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        size = 256
    if name in {".", ".."} or set(name) & {"/", "\0"} or size > 255:
        with pytest.raises(RegisterError, match="^axis=0: the name "):
            check_name(name, what="axis=0")
    else:
        assert check_name(name, what="axis=0") == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0", "\ud800", "é" * 128])
def test_bad_names_are_refused(name):
    with pytest.raises(H5torchError, match="the name"):
        check_name(name, what="x")


def test_what_was_probably_meant_comes_first():
    assert did_you_mean("lable", ["label", "age"]) == "did you mean 'label'? there are 'age', 'label'"
    assert did_you_mean("x", ["label"]) == "there is 'label'"
    assert did_you_mean("x", []) == "there are none"
    assert did_you_mean("zz", [f"{n:02}" for n in range(20)]).endswith("'11', …")


def test_an_array_in_a_record_is_a_copy_that_cannot_be_changed():
    values = np.arange(3)
    kept = read_only(values)
    values += 1
    assert kept.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 5
