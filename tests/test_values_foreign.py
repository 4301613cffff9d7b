"""Tensors, sparse matrices and columns of other libraries, each against the library's own answer."""

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import h5torch
from h5torch.errors import ArgumentTypeError, H5torchError, RegisterError
from h5torch.values.data import DenseData, RaggedRows, SparseCells, SparseRows
from h5torch.values.intake import take_in

warnings.filterwarnings("ignore", message="Sparse (CSR|CSC|BSR) tensor support is in beta")


def dense(data: Any) -> np.ndarray:
    taken = take_in(data, mode="auto", what="0/x")
    assert isinstance(taken, DenseData)
    return taken.values if taken.names is None else taken.names[taken.values]


def refused(data: Any, error: type[H5torchError], match: str, mode: str = "auto") -> None:
    with pytest.raises(error, match=f"^0/x.*{match}"):
        take_in(data, mode=mode, what="0/x")


DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32,
    torch.uint64, torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_of_every_dtype_are_taken(dtype):
    tensor = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(dtype)
    for view in (tensor, tensor.T, tensor[:, ::2], tensor[1:]):
        np.testing.assert_array_equal(dense(view), view.numpy())
        assert dense(view).dtype == view.numpy().dtype


def test_bfloat16_becomes_exact_float32_and_tensors_again(tmp_path):
    tensor = torch.randn(5, 3).to(torch.bfloat16)
    np.testing.assert_array_equal(dense(tensor), tensor.float().numpy())
    with h5torch.File(tmp_path / "x", "w") as f:
        f.register(tensor, "central")
        f.register([row[: at % 3 + 1] for at, row in enumerate(tensor)], 0, name="r")
        f.register(list(tensor), 0, name="list")
    batch = h5torch.collate(h5torch.Dataset(tmp_path / "x").__getitems__([0, 4]))
    assert torch.equal(batch["central"], tensor[[0, 4]])
    assert torch.equal(batch["0/list"], tensor[[0, 4]])
    assert batch["0/r"].dtype == torch.bfloat16


def test_tensors_that_carry_more_than_values_are_taken_by_value():
    weights = torch.nn.Parameter(torch.ones(2))
    assert dense(weights).tolist() == [1, 1]
    assert dense(weights * 2).tolist() == [2, 2]
    turned = torch.tensor([1 + 2j]).conj()
    assert dense(turned).tolist() == [1 - 2j]
    assert dense(turned.imag).tolist() == [-2]
    assert dense([torch.tensor(1.0), torch.tensor(2.0)]).tolist() == [1, 2]
    assert dense(torch.Size([2, 3])).tolist() == [2, 3]


@pytest.mark.parametrize(
    "rows",
    [
        [torch.ones(2), torch.ones(3)],
        torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    ],
)
def test_tensors_of_different_length_are_ragged(rows):
    taken = take_in(rows, mode="auto", what="x")
    assert isinstance(taken, RaggedRows)
    assert [row.tolist() for row in taken.rows] == [[1, 1], [1, 1, 1]]


@given(
    values=hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(0, 2))
)
def test_sparse_tensors_are_sparse_objects(values):
    tensor = torch.from_numpy(values)
    cells = take_in(tensor.to_sparse_coo(), mode="auto", what="x")
    assert isinstance(cells, SparseCells)
    np.testing.assert_array_equal(
        sp.coo_array((cells.data, tuple(cells.indices)), cells.shape).toarray(), values
    )
    rows = take_in(tensor.to_sparse_csr(), mode="auto", what="x")
    assert isinstance(rows, SparseRows)
    np.testing.assert_array_equal(
        sp.csr_array((rows.data, rows.indices, rows.indptr), rows.shape).toarray(), values
    )


def test_entries_of_a_sparse_tensor_that_repeat_are_summed():
    tensor = torch.sparse_coo_tensor([[0, 0, 1]], [1.0, 2.0, 3.0], (4,))
    cells = take_in(tensor, mode="auto", what="x")
    assert isinstance(cells, SparseCells)
    assert (cells.indices.tolist(), cells.data.tolist()) == ([[0, 1]], [3.0, 3.0])


@pytest.mark.parametrize(
    ("tensor", "error", "match"),
    [
        (torch.tensor(3.0), RegisterError, "a single value has no rows"),
        (torch.empty(3, device="meta"), ArgumentTypeError, "a meta tensor, which has no values"),
        (
            torch.ones(3).to(torch.float8_e4m3fn),
            ArgumentTypeError,
            "NumPy has no dtype for torch.float8_e4m3fn",
        ),
        (
            torch.sparse_coo_tensor(torch.tensor([[0, 1]]), torch.ones(2, 3), (4, 3)),
            RegisterError,
            "1 dense axes",
        ),
        (
            torch.eye(3).to_sparse_csc(),
            RegisterError,
            r"sparse_csc .* call \.to_sparse_csr\(\) or \.to_dense\(\)",
        ),
        (torch.eye(4).to_sparse_bsr((2, 2)), RegisterError, "sparse_bsr"),
        (torch.eye(3).repeat(2, 1, 1).to_sparse_csr(), RegisterError, "sparse_csr with 3 axes"),
        ([torch.eye(3).to_sparse(), torch.eye(3).to_sparse()], RegisterError, "rows are sparse tensors"),
        (torch.nn.Linear(1, 1), ArgumentTypeError, "data of type Linear are not taken"),
        (
            torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(2))),
            ArgumentTypeError,
            "data of type DataLoader are not taken",
        ),
    ],
)
def test_tensors_without_plain_values_are_refused(tensor, error, match):
    refused(tensor, error, match)


def test_a_damaged_sparse_tensor_is_refused():
    tensor = torch.sparse_csr_tensor([0, 1, 2], [0, 9], [1.0, 1.0], size=(2, 3), check_invariants=False)
    refused(tensor, RegisterError, "the matrix is damaged")


FORMATS = ["csr", "csc", "coo", "bsr", "dia", "dok", "lil"]


@given(
    values=hnp.arrays(
        st.sampled_from(["f8", "i2", "c8", "?"]),
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.integers(0, 1),
    ),
    kind=st.sampled_from(FORMATS),
    as_matrix=st.booleans(),
    wide=st.booleans(),
)
@settings(max_examples=60)
def test_scipy_matrices_and_arrays_of_every_format_are_taken(values, kind, as_matrix, wide):
    """As rows and as nonzeros, with indices of 32 and 64 bits; the oracle is `toarray`."""
    make = getattr(sp, f"{kind}_{'matrix' if as_matrix else 'array'}")
    given_as = make(values)
    if wide and hasattr(given_as, "indptr"):
        given_as.indptr, given_as.indices = given_as.indptr.astype("i8"), given_as.indices.astype("i8")
    rows = take_in(given_as, mode="auto", what="x")
    assert isinstance(rows, SparseRows)
    if wide and kind == "csr":
        assert rows.indices.dtype == np.int64
    np.testing.assert_array_equal(
        sp.csr_array((rows.data, rows.indices, rows.indptr), rows.shape).toarray(), values
    )
    assert rows.data.dtype == values.dtype
    cells = take_in(given_as, mode="coo", what="x")
    assert isinstance(cells, SparseCells)
    np.testing.assert_array_equal(
        sp.coo_array((cells.data, tuple(cells.indices)), cells.shape).toarray(), values
    )


@given(
    cells=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-1, 1)), max_size=8),
    mode=st.sampled_from(["csr", "coo"]),
)
def test_entries_that_repeat_are_summed_and_explicit_zeros_kept(cells, mode):
    """The caller's order stays where nothing repeats."""
    row, column, value = np.array(cells, dtype=np.int64).reshape(-1, 3).T
    matrix = sp.coo_array((value, (row, column)), shape=(3, 4))
    taken = take_in(matrix, mode=mode, what="x")
    assert isinstance(taken, (SparseRows, SparseCells))
    distinct = len(set(zip(row.tolist(), column.tolist(), strict=True)))
    assert len(taken.data) == distinct
    if isinstance(taken, SparseCells):
        found = sp.coo_array((taken.data, tuple(taken.indices)), shape=(3, 4))
        if distinct == len(cells):
            assert taken.data.tolist() == value.tolist()
    else:
        found = sp.csr_array((taken.data, taken.indices, taken.indptr), shape=(3, 4))
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())


def test_sparse_data_change_their_mode_where_they_can():
    values = np.array([[0, 1, 2], [3, 0, 0]])
    repeated = (np.array([[0, 0, 0], [1, 1, 2]]), [1, 2, 3], (2, 3))
    for data, mode in (
        (values, "csr"),
        (torch.from_numpy(values).to_sparse(), "csr"),
        (torch.from_numpy(values).to_sparse_csr(), "coo"),
    ):
        taken = take_in(data, mode=mode, what="x")
        found = (
            sp.csr_array((taken.data, taken.indices, taken.indptr), taken.shape)
            if isinstance(taken, SparseRows)
            else sp.coo_array((taken.data, tuple(taken.indices)), taken.shape)
        )
        np.testing.assert_array_equal(found.toarray(), values)
    cells = take_in(repeated, mode="coo", what="x")
    assert isinstance(cells, SparseCells)
    assert len(cells.data) == 3


def test_sparse_rows_need_two_axes_and_whole_parts():
    refused(sp.coo_array(([1.0], ([2],)), shape=(4,)), RegisterError, "must have two axes, found")
    matrix = sp.csr_array(np.eye(3))
    matrix.indices[1] = 7
    refused(matrix, RegisterError, "the matrix is damaged.*build it anew")
    refused([sp.eye_array(2)], ArgumentTypeError, "rows hold dia_array")
