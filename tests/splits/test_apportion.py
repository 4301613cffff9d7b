"""Whole rows for fractional shares: exact, and never a class lost without need."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from h5torch.errors import RegisterError
from splits.dealing.apportion import apportion, round_matrix, stratum_targets
from splits.dealing.shares import as_shares, check_shares, exact_shares
from splits.errors import SplitError

WEIGHTS = st.lists(st.integers(1, 50), min_size=1, max_size=6)
SIZES = st.lists(st.one_of(st.integers(1, 12), st.integers(1, 10_000)), min_size=1, max_size=40)


def shares_of(weights, left_out):
    total = sum(weights) + left_out
    return tuple(Fraction(weight, total) for weight in [*weights, left_out])


@given(sizes=SIZES, weights=WEIGHTS, left_out=st.integers(0, 30))
@example(sizes=[1] * 10, weights=[8, 1, 1], left_out=0)
@example(sizes=[24, 3, 5], weights=[1, 1, 1, 1, 1, 9, 2, 10], left_out=5)
def test_every_count_and_every_total_is_a_floor_or_a_ceiling(sizes, weights, left_out):
    shares = shares_of(weights, left_out)
    counts = apportion(np.array(sizes), shares)
    targets = [stratum_targets(size, shares) for size in sizes]

    assert counts.sum(axis=1).tolist() == sizes
    for row, wanted in zip(counts.tolist(), targets, strict=True):
        assert all(floor(want) <= count <= ceil(want) for count, want in zip(row, wanted, strict=True))
    for total, column in zip(counts.sum(axis=0).tolist(), zip(*targets, strict=True), strict=True):
        assert floor(sum(column)) <= total <= ceil(sum(column))


@given(n_rows=st.integers(0, 200), weights=WEIGHTS, left_out=st.integers(0, 30))
def test_a_class_with_a_row_for_every_part_is_in_every_part(n_rows, weights, left_out):
    shares = shares_of(weights, left_out)
    targets = stratum_targets(n_rows, shares)
    exact = [n_rows * share for share in shares]

    assert sum(targets) == n_rows
    needed = len(weights) + (left_out > 0)
    if n_rows >= needed:
        assert min(targets[:-1]) >= 1
    if n_rows < needed or min(exact[:-1]) >= 1:
        assert list(targets) == exact


def test_classes_of_one_row_leave_out_what_was_asked():
    """Were each such class too precious to leave out, a part of one half would hold all rows."""
    counts = apportion(np.ones(100, np.int64), (Fraction(1, 2), Fraction(1, 2)))

    assert counts.sum(axis=0).tolist() == [50, 50]


@st.composite
def matrices(draw):
    """Matrices of fractions with integer row sums, many of their cells integers."""
    below = draw(st.integers(2, 10))
    cells = st.one_of(st.just(0), st.integers(0, below - 1))
    rows = draw(st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=6))
    return [[Fraction(cell, below) for cell in [*row, -sum(row) % below]] for row in rows]


def halves(*rows):
    return [[Fraction(int(cell), 2) for cell in row] for row in rows]


@given(wanted=matrices())
@example(wanted=halves("01111", "00011"))
@example(wanted=halves("01111", "01100"))
@example(wanted=halves("10111", "11000", "01100"))
def test_any_matrix_with_integer_row_sums_can_be_rounded(wanted):
    """The examples are ones where carrying remainders alone leaves a column two rows off."""
    rounded = round_matrix(wanted).tolist()

    assert [sum(row) for row in rounded] == [sum(row) for row in wanted]
    for row, cells in zip(rounded, wanted, strict=True):
        assert all(floor(cell) <= count <= ceil(cell) for count, cell in zip(row, cells, strict=True))
    for column, cells in zip(zip(*rounded, strict=True), zip(*wanted, strict=True), strict=True):
        assert floor(sum(cells)) <= sum(column) <= ceil(sum(cells))


def test_the_largest_remainder_decides_in_a_single_stratum():
    assert apportion(np.array([11]), shares_of([8, 1, 1], 0)).tolist() == [[9, 1, 1, 0]]
    assert apportion(np.array([7]), shares_of([5, 3, 2], 0)).tolist() == [[4, 2, 1, 0]]


@pytest.mark.parametrize(
    ("given_shares", "exact"),
    [
        ({"a": 0.8, "b": 0.1, "c": 0.1}, ["4/5", "1/10", "1/10", "0"]),
        ({"a": 0.7, "b": 0.2}, ["7/10", "1/5", "1/10"]),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, ["1/3", "1/3", "1/3", "0"]),
        ({"a": 0.9, "b": 1 - 0.9}, ["9/10", "1/10", "0"]),
        ({"a": 0.333333333, "b": 0.666666667}, ["333333333/1000000000", "666666667/1000000000", "0"]),
        ([("only", 1)], ["1", "0"]),
        ({"a": 0.25, "b": 1e-30}, ["1/4", None, None]),
    ],
)
def test_a_float_stands_for_the_fraction_meant(given_shares, exact):
    shares = as_shares(given_shares)
    check_shares(shares)
    found = exact_shares(shares)

    assert sum(found) == 1
    for fraction, wanted in zip(found, exact, strict=True):
        assert wanted is None or fraction == Fraction(wanted) or abs(fraction - Fraction(wanted)) < 1e-11


@pytest.mark.parametrize(
    ("shares", "error", "text"),
    [
        ({"a": 0.8, "b": 0.3}, SplitError, "must sum to at most 1, these sum to 1.1: a 0.8, b 0.3"),
        ({"a": 0.0}, SplitError, "share of part 'a' must be above 0 and finite, got 0.0; drop the part"),
        ({"a": -0.1}, SplitError, "above 0 and finite, got -0.1"),
        ({"a": float("nan")}, SplitError, "above 0 and finite, got nan"),
        ({"a": float("inf")}, SplitError, "above 0 and finite, got inf"),
        ({"a": "0.5"}, SplitError, "share of part 'a' must be a number, got '0.5'"),
        ({"a": True}, SplitError, "share of part 'a' must be a number, got True"),
        ([("a", 0.5, 1)], SplitError, "parts must be like"),
        (["ab"], SplitError, "parts must be like"),
        ([("a", 0.5), ("a", 0.2)], RegisterError, "part names must differ, 'a' comes twice"),
        ({}, RegisterError, "must have 1 to 254 parts, has 0"),
        ({"x/y": 0.5}, RegisterError, 'holds "/"'),
    ],
)
def test_shares_that_are_none_of_a_whole_are_refused(shares, error, text):
    with pytest.raises(error, match=text):
        check_shares(as_shares(shares))
