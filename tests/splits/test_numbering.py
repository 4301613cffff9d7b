"""Numbering distinct rows by hashing: what `numpy.unique` finds, in the order of first rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splits.dealing.numbering import number_rows
from splits.dealing.strata import find_strata
from splits.errors import SplitError


def expected(*columns):
    """Number the rows by a dictionary of tuples."""
    numbers = {}
    of_row = [
        numbers.setdefault(row, len(numbers)) for row in zip(*(c.tolist() for c in columns), strict=True)
    ]
    return of_row, np.unique(of_row, return_index=True)[1].tolist()


def numbered(*columns):
    of_row, first = number_rows(columns, len(columns[0]))
    return of_row.tolist(), first.tolist()


KINDS = [
    np.int8,
    np.uint64,
    ">i4",
    np.bool_,
    np.float16,
    ">f8",
    np.longdouble,
    np.complex64,
    np.clongdouble,
    "S3",
    "U5",
    ">U3",
    "M8[s]",
    ">m8[D]",
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rows_of_every_kind_are_numbered_by_their_first(kind):
    labels = (np.arange(3000) * 7919 % 101).astype(kind)

    assert numbered(labels) == expected(labels)
    assert numbered(labels[::-3]) == expected(labels[::-3])


@given(
    pairs=st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["", "a", "ab", "b", "żółw"])), min_size=1)
)
def test_columns_count_jointly(pairs):
    numbers, texts = (np.array(column) for column in zip(*pairs, strict=True))

    assert numbered(numbers, texts) == numbered(texts, numbers) == expected(numbers, texts)


@pytest.mark.parametrize("n_distinct", [1, 3, 20_000, 70_000])
def test_blocks_of_rows_find_the_numbers_of_those_before(n_distinct):
    labels = np.arange(70_000) * 7919 % n_distinct

    assert numbered(labels) == expected(labels)
    assert numbered(labels.astype("U8"), labels % 7) == expected(labels)


@given(
    values=st.lists(
        st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63).map(lambda bit: 1 << bit)), min_size=1
    )
)
def test_any_bits_are_told_apart(values):
    labels = np.array(values, np.uint64)

    assert numbered(labels) == expected(labels)


def test_numbers_that_share_their_low_or_high_bits_are_told_apart():
    """What a poor hash would put into one slot: floats, multiples of large powers, halves that cancel."""
    small = np.arange(5000, dtype=np.uint64)
    for labels in (small << np.uint64(51), small * np.uint64(2**32 + 1), small.astype(float), small * 1e-300):
        assert numbered(labels) == expected(labels)


def test_zeros_of_either_sign_are_one_label():
    assert numbered(np.array([0.0, -0.0, 1.0])) == ([0, 0, 1], [0, 2])
    assert numbered(np.array([0j, complex(-0.0, -0.0), complex(0.0, -0.0)])) == ([0, 0, 0], [0])


def test_no_rows_have_no_numbers():
    assert numbered(np.zeros(0)) == numbered(np.zeros(0, "U3")) == ([], [])


def test_a_stratum_is_of_columns_with_one_label_a_row():
    columns = {"0/y": np.zeros((4, 2)), "0/z": np.array(["a", "b", "a", ""])}
    with pytest.raises(SplitError, match=r"column '0/y' must have one dimension, has shape \(4, 2\)"):
        find_strata(columns, ("0/y",), 4)
    with pytest.raises(SplitError, match=r"column '0/z' has an empty label in row 3 \(1 in all\)"):
        find_strata(columns, ("0/z",), 4)
