"""Batches are columns; samples are made of them on demand."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5torch.batch import (
    Batch,
    CategoryColumn,
    DenseColumn,
    RaggedColumn,
    Sample,
    SparseColumn,
    TextColumn,
    as_objects,
    cell_of,
)

SPARSE = hnp.arrays(
    st.sampled_from(["f4", "i8", "?", "c16"]),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    elements=st.integers(0, 1),
)


@given(values=SPARSE, as_sparse=st.booleans())
def test_a_sparse_column_is_its_rows(values, as_sparse):
    """The oracle is SciPy's `toarray`."""
    matrix = sp.csr_array(values)
    column = SparseColumn(
        indptr=matrix.indptr,
        indices=matrix.indices,
        data=matrix.data,
        n_cols=values.shape[1],
        as_sparse=as_sparse,
    )
    assert len(column) == len(values)
    np.testing.assert_array_equal(column.stack(), values)
    for position, row in enumerate(values):
        found = column.row(position)
        if as_sparse:
            indices, data = found
            found = np.zeros_like(row)
            found[indices] = data
        np.testing.assert_array_equal(found, row)


@pytest.mark.parametrize(("dtype", "expected"), [("f8", [0, 3.0]), ("?", [0, True])])
def test_entries_that_repeat_are_summed(dtype, expected):
    """As SciPy means them; the published package kept the last."""
    data = np.array([1, 2]).astype(dtype)
    column = SparseColumn(
        indptr=np.array([0, 2]), indices=np.array([1, 1]), data=data, n_cols=2, as_sparse=False
    )
    assert column.row(0).tolist() == column.stack()[0].tolist() == expected


@given(
    rows=st.lists(
        hnp.arrays(np.int8, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)), max_size=5
    )
)
def test_rows_of_any_shape_make_an_array_of_objects(rows):
    """Equal shapes too: the array stays flat."""
    found = as_objects(rows)
    assert (found.dtype, found.shape) == (object, (len(rows),))
    for one, other in zip(found, rows, strict=True):
        assert one is other
    column = RaggedColumn(rows=tuple(rows))
    assert len(column) == len(column.stack()) == len(rows)


def batch() -> Batch:
    return Batch(
        {
            "central": DenseColumn(values=np.arange(6).reshape(3, 2)),
            "0/label": DenseColumn(values=np.arange(3.0)),
            "0/bytes": DenseColumn(values=np.array([b"a", b"b", b"c"])),
            "0/text": TextColumn(texts=("a", "bé", "")),
            "0/type": CategoryColumn(codes=np.array([1, 0, 1]), names=np.array(["x", "y"])),
            "0/ragged": RaggedColumn(rows=(np.arange(1), np.arange(2), np.arange(0))),
            "0/sparse": SparseColumn(
                indptr=np.array([0, 1, 1, 1]),
                indices=np.array([1]),
                data=np.array([5]),
                n_cols=2,
                as_sparse=True,
            ),
        }
    )


def test_samples_have_the_types_of_the_published_package():
    """NumPy scalars for one-dimensional objects, plain arrays otherwise."""
    sample = batch()[1]
    assert {key: type(value) for key, value in sample.items()} == {
        "central": np.ndarray,
        "0/label": np.float64,
        "0/bytes": np.bytes_,
        "0/text": np.str_,
        "0/type": np.str_,
        "0/ragged": np.ndarray,
        "0/sparse": tuple,
    }
    assert sample["0/text"] == "bé"
    assert sample["0/type"] == "x"
    assert batch().columns["0/type"].stack().tolist() == ["y", "x", "y"]
    assert batch().columns["0/text"].stack().tolist() == ["a", "bé", ""]


def test_a_batch_is_a_sequence():
    """Positions, negative ones, slices and iteration as a list has them."""
    found = batch()
    listed = list(found)
    assert len(found) == len(listed) == 3
    assert found[-1]["0/label"] == listed[2]["0/label"] == 2
    assert [sample["0/label"] for sample in found[::-1]] == [2, 1, 0]
    for wrong in (3, -4):
        with pytest.raises(IndexError, match=f"sample {wrong} of a batch of 3"):
            found[wrong]


def test_samples_know_how_they_are_collated_wherever_they_travel():
    sample = batch()[0]
    for other in (pickle.loads(pickle.dumps(sample)), sample.copy()):  # noqa: S301 - our own bytes
        assert isinstance(other, Sample)
        assert {key: cell.kind for key, cell in other.cells.items()} == {
            "central": "dense",
            "0/label": "dense",
            "0/bytes": "text",
            "0/text": "text",
            "0/type": "category",
            "0/ragged": "ragged",
            "0/sparse": "sparse",
        }
    assert cell_of(batch().columns["0/sparse"]).n_cols == 2
