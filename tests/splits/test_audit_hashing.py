"""Hashes of rows: equal exactly where the values are."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

from h5torch.batch import CategoryColumn, DenseColumn, RaggedColumn, SparseColumn, TextColumn
from splits import SplitError
from splits.auditing.duplicates import equal_values
from splits.auditing.hashing import find_missing, hash_column

DTYPES = ["?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", ">f4", "c8", "c16", "M8[s]", "S3", "U3"]


def of_value(values, key=1):
    return hash_column(DenseColumn(values=np.asarray(values)), key=key)


def same_pattern(hashes, rows):
    """Whether two hashes are equal exactly where two rows are."""
    return all(
        (hashes[one] == hashes[other]) == equal_values(rows[one], rows[other])
        for one, other in itertools.combinations(range(len(rows)), 2)
    )


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    )
)
def test_rows_of_an_array_share_a_hash_where_their_values_are_equal(values):
    doubled = np.concatenate([values, values[::-1]])

    assert same_pattern(of_value(doubled), doubled)


def test_zero_has_no_sign_and_every_nan_is_the_same():
    other_nan = np.array([0x7FF0000000000001, 0xFFF8000000000000], np.uint64).view(np.float64)
    hashes = of_value([0.0, -0.0, np.nan, *other_nan, 1.0])

    assert hashes[0] == hashes[1]
    assert len(set(hashes[2:5].tolist())) == 1
    assert len(set(hashes.tolist())) == 3


@pytest.mark.parametrize("dtype", ["f4", "u1", "f8"])
def test_blocks_of_any_length_give_the_same_hashes(dtype):
    rows = np.random.default_rng(0).integers(0, 3, (500, 70)).astype(dtype)
    whole = of_value(rows)

    assert whole.tolist() == [int(of_value(rows[at : at + 1])[0]) for at in range(500)]
    assert of_value(rows, key=2).tolist() != whole.tolist()


def test_places_of_values_count():
    assert len(set(of_value([[1, 2], [2, 1], [1, 1], [2, 2], [0, 0]]).tolist())) == 5


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_texts_share_a_hash_where_they_are_equal(texts):
    doubled = [*texts, *texts]
    as_objects = np.empty(len(doubled), object)
    as_objects[:] = doubled
    hashes = hash_column(TextColumn(texts=tuple(doubled)), key=1)

    assert same_pattern(hashes, [np.array(text, object) for text in doubled])
    assert hashes.tolist() == of_value(as_objects).tolist()


def test_texts_that_differ_in_nuls_at_the_end_differ():
    assert len(set(hash_column(TextColumn(texts=("", "\0", "\0\0", "a", "a\0")), key=1).tolist())) == 5


ragged = st.lists(
    hnp.arrays("f4", hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=3)), min_size=1, max_size=8
)


@given(ragged)
def test_ragged_rows_share_a_hash_where_shape_and_values_are_equal(rows):
    doubled = (*rows, *rows[::-1])

    assert same_pattern(hash_column(RaggedColumn(rows=doubled), key=1), doubled)


def test_a_ragged_row_has_the_same_hash_beside_rows_of_other_rank():
    flat, square = np.arange(4), np.arange(4).reshape(2, 2)
    alone = hash_column(RaggedColumn(rows=(flat,)), key=1)
    beside = hash_column(RaggedColumn(rows=(flat, square, flat.reshape(4, 1))), key=1)

    assert alone[0] == beside[0]
    assert len(set(beside.tolist())) == 3


@given(hnp.arrays("f8", (6, 4), elements=st.sampled_from([0.0, -0.0, 1.0, 2.0, np.nan])), st.booleans())
def test_sparse_rows_share_a_hash_where_their_dense_rows_are_equal(dense, stored_zeros):
    rows, columns = np.nonzero(np.ones_like(dense) if stored_zeros else np.nan_to_num(dense, nan=9.0))
    order = np.lexsort((-columns, rows))  # entries of a row in falling order
    indptr = np.searchsorted(rows, np.arange(7))
    column = SparseColumn(
        indptr=indptr,
        indices=columns[order],
        data=dense[rows, columns][order],
        n_cols=4,
        as_sparse=False,
    )

    assert same_pattern(hash_column(column, key=1), dense)


def test_entries_of_a_sparse_row_that_repeat_are_summed():
    column = SparseColumn(
        indptr=np.array([0, 3, 4]),
        indices=np.array([1, 1, 0, 1]),
        data=np.array([2, 3, 0, 5]),
        n_cols=3,
        as_sparse=True,
    )
    first, second = hash_column(column, key=1)

    assert first == second
    assert csr_array(column.stack()).nnz == 2


def test_categories_go_by_their_codes():
    column = CategoryColumn(codes=np.array([2, 0, 2]), names=np.array(["a", "b", "c"]))
    first, second, third = hash_column(column, key=1)

    assert first == third != second


def test_what_is_missing():
    texts = TextColumn(texts=("", "a"))
    names = CategoryColumn(codes=np.array([0, 1]), names=np.array(["", "b"]))

    assert find_missing(DenseColumn(values=np.array([np.nan, 0.0]))).tolist() == [True, False]
    assert find_missing(DenseColumn(values=np.array(["NaT", "2020"], "M8[D]"))).tolist() == [True, False]
    assert find_missing(DenseColumn(values=np.array(["", "a"]))).tolist() == [True, False]
    assert find_missing(DenseColumn(values=np.array(["", "a"], object))).tolist() == [True, False]
    assert find_missing(DenseColumn(values=np.array([0, 1]))).tolist() == [False, False]
    assert find_missing(DenseColumn(values=np.full((2, 2), np.nan))).tolist() == [False, False]
    assert find_missing(texts).tolist() == [True, False]
    assert find_missing(names).tolist() == [True, False]


def test_values_without_such_a_form_are_refused():
    with pytest.raises(SplitError, match=r"values of dtype .* cannot be compared row by row"):
        of_value(np.zeros((2, 2), np.clongdouble))


def test_a_hash_is_what_it_was():
    assert of_value([[1.5, -2.0, 0.25]])[0] == 2357677144893559710
    assert hash_column(TextColumn(texts=("audit",)), key=1)[0] == 17601048811197920741
