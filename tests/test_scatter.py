"""Sparse rows made dense and put in order: the oracles are SciPy and NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from h5torch.scatter import dense_rows, in_order

DTYPES = ["?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "g", "F", "D", ">f4", ">i8"]


@st.composite
def sparse(draw):
    """Rows with entries in any order, repeats among them."""
    n_cols = draw(st.integers(1, 6))
    sizes = draw(st.lists(st.integers(0, 5), max_size=6))
    total = sum(sizes)
    indices = draw(st.lists(st.integers(0, n_cols - 1), min_size=total, max_size=total))
    values = draw(st.lists(st.integers(0, 9), min_size=total, max_size=total))
    index = draw(st.sampled_from(["i4", "i8", "u1", "u8", ">i4"]))
    indptr = np.concatenate([[0], np.cumsum(sizes, dtype=np.intp)])
    return indptr, np.array(indices, index), np.array(values), n_cols


def added(indptr, indices, data, n_cols):
    """Put in entry by entry."""
    dense = np.zeros((len(indptr) - 1, n_cols), data.dtype)
    for row in range(len(dense)):
        for at in range(indptr[row], indptr[row + 1]):
            dense[row, int(indices[at])] += data[at]
    return dense


@given(case=sparse(), dtype=st.sampled_from(DTYPES))
def test_dense_rows_are_the_sums_of_their_entries(case, dtype):
    indptr, indices, values, n_cols = case
    data = values.astype(dtype)
    dense = dense_rows(indptr, indices, data, n_cols=n_cols)

    assert (dense.dtype, dense.shape) == (data.dtype, (len(indptr) - 1, n_cols))
    assert np.array_equal(dense, added(indptr, indices, data, n_cols))


@pytest.mark.parametrize("dtype", ["f4", "f2", "?", "D"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 0), (3, 5)])
def test_rows_without_entries_are_zeros_of_their_shape(dtype, shape):
    nothing = np.empty(0, np.int32)
    dense = dense_rows(np.zeros(shape[0] + 1, np.intp), nothing, np.empty(0, dtype), n_cols=shape[1])

    assert (dense.dtype, dense.shape) == (np.dtype(dtype), shape)
    assert not dense.any()


@pytest.mark.parametrize("dtype", ["f4", "?", "i8"])
@pytest.mark.parametrize(("n_rows", "n_cols"), [(3000, 700), (5, 400_000), (70_000, 3)])
def test_rows_made_dense_in_several_blocks_are_scipys(dtype, n_rows, n_cols):
    """Used memory is taken again: what lay there must not shine through."""
    random = np.random.default_rng(0)
    matrix = sp.random_array((n_rows, n_cols), density=2000 / (n_rows * n_cols), rng=random, format="csr")
    data = (matrix.data * 9 + 1).astype(dtype)
    expected = sp.csr_array((data, matrix.indices, matrix.indptr), matrix.shape).toarray()
    for _ in range(2):
        dense = dense_rows(matrix.indptr, matrix.indices, data, n_cols=n_cols)
        assert dense.flags.c_contiguous
        assert np.array_equal(dense, expected)
        dense.fill(1)
        del dense


def test_the_largest_sums_of_half_precision_are_numpys():
    data = np.array([2048, 1, 1, 60000, 60000], np.float16)
    indptr, indices = np.array([0, 3, 5]), np.array([0, 0, 0, 1, 1])
    with np.errstate(over="ignore"):
        dense = dense_rows(indptr, indices, data, n_cols=2)

    assert dense.tolist() == [[2048, 0], [0, np.inf]]


@given(case=sparse())
def test_entries_in_order_are_the_same_entries_sorted_by_column(case):
    indptr, indices, values, _ = case
    columns, data = in_order(indptr, indices, values)

    assert columns.dtype == indices.dtype
    for row in range(len(indptr) - 1):
        own = slice(indptr[row], indptr[row + 1])
        order = np.argsort(indices[own], kind="stable")
        assert columns[own].tolist() == indices[own][order].tolist()
        assert data[own].tolist() == values[own][order].tolist()


def test_entries_that_are_in_order_already_are_not_copied():
    indptr, indices, data = np.array([0, 2, 2, 4]), np.array([1, 5, 0, 0]), np.ones(4)
    columns, values = in_order(indptr, indices, data)

    assert columns is indices
    assert values is data
