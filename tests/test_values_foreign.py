"""Tensors, sparse matrices and columns of other libraries, each against the library's own answer."""

import datetime
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import h5torch
from h5torch.errors import ArgumentTypeError, ConversionError, H5torchError, RegisterError
from h5torch.values.data import DenseData, RaggedRows, SparseCells, SparseRows
from h5torch.values.intake import take_in

torch = pytest.importorskip("torch")
warnings.filterwarnings("ignore", message="Sparse (CSR|CSC|BSR) tensor support is in beta")
pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")


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
        (torch.sparse_coo_tensor([[0, 1]], torch.ones(2, 3), (4, 3)), RegisterError, "1 dense axes"),
        (
            torch.eye(3).to_sparse_csc(),
            RegisterError,
            r"sparse_csc .* call \.to_sparse_csr\(\) or \.to_dense\(\)",
        ),
        (torch.eye(4).to_sparse_bsr((2, 2)), RegisterError, "sparse_bsr"),
        (torch.eye(3).repeat(2, 1, 1).to_sparse_csr(), RegisterError, "sparse_csr with 3 axes"),
        ([torch.eye(3).to_sparse(), torch.eye(3).to_sparse()], RegisterError, "rows are sparse tensors"),
        (torch.nn.Linear(1, 1), ArgumentTypeError, "data of type Linear are not taken"),
        (torch.utils.data.DataLoader([1, 2]), ArgumentTypeError, "data of type DataLoader are not taken"),
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


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pd.Series([1, 2], dtype="Int8"), np.array([1, 2], np.int8)),
        (pd.Series([True, False], dtype="boolean"), [True, False]),
        (pd.Series([0.5, np.nan]), [0.5, np.nan]),
        (pd.Series([1, 2], dtype="int64[pyarrow]"), [1, 2]),
        (pd.Series(pd.arrays.SparseArray([0, 1])), [0, 1]),
        (pd.Series(["a", "b"]), ["a", "b"]),
        (pd.Series(["a", "b"], dtype="string"), ["a", "b"]),
        (pd.Series(["a", "b"], dtype=object), ["a", "b"]),
        (pd.Index(["a", "b"]), ["a", "b"]),
        (pd.RangeIndex(3), [0, 1, 2]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.CategoricalIndex(["b", "a"]), ["b", "a"]),
        (pd.Series(["b", "a"], dtype="category")[1:], ["a"]),
        (pd.Categorical([3, 1]), [3, 1]),
        (pd.Series(pd.to_datetime(["2020-01-01", None])), np.array(["2020-01-01", "NaT"], "M8[us]")),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, 1]}), [[1, 0.5], [2, 1]]),
        (pd.DataFrame({"a": ["x", "y"], "b": ["z", "w"]}), [["x", "z"], ["y", "w"]]),
        (pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": ["z", "w"]}), [["x", "z"], ["y", "w"]]),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="Int64")}), [[1], [2]]),
        (pd.DataFrame({"a": [True], "b": [2]}), [[1, 2]]),
        (pd.DataFrame([[1, 2]], columns=["same", "same"]), [[1, 2]]),
        (pa.array([1, 2], pa.int16()), np.array([1, 2], np.int16)),
        (pa.array([1, 2, 3])[1:], [2, 3]),
        (pa.array([True, False, True])[1:], [False, True]),
        (pa.array(["a", "b"]), ["a", "b"]),
        (pa.array(["a", "b"], pa.large_string())[1:], ["b"]),
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
        (pa.array([b"a", b"b"]), [b"a", b"b"]),
        (pa.chunked_array([["a"], ["b", "c"]]), ["a", "b", "c"]),
        (pa.chunked_array([[1, 2], [3]])[1:], [2, 3]),
        (pa.chunked_array([], pa.int64()), np.array([], np.int64)),
        (pa.array(["a", "b", "a"]).dictionary_encode()[1:], ["b", "a"]),
        (pa.array([7, 5, 7]).dictionary_encode()[1:], [5, 7]),
        (pa.chunked_array([pa.array([name]).dictionary_encode() for name in "ab"]), ["a", "b"]),
        (pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2))[1:], np.array([[3, 4]], np.int8)),
        (pa.array([["a", "b"], ["c", "d"]]), [["a", "b"], ["c", "d"]]),
        (pa.array([datetime.date(2020, 1, 1)]), np.array(["2020-01-01"], "M8[D]")),
        (pa.array([0.5, float("nan")]), [0.5, np.nan]),
        (pa.table({"a": [1, 2]})["a"], [1, 2]),
    ],
    ids=lambda value: f"{type(value).__name__}",
)  # fmt: skip
def test_columns_of_pandas_and_arrow_are_taken(data, expected):
    found = dense(data)
    np.testing.assert_array_equal(found, expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype


@given(rows=st.lists(st.lists(st.integers(-9, 9), max_size=4), min_size=1, max_size=6), data=st.data())
def test_lists_of_arrow_are_rows_however_they_are_sliced(rows, data):
    kind = data.draw(st.sampled_from([pa.list_(pa.int64()), pa.large_list(pa.int64())]))
    start = data.draw(st.integers(0, len(rows) - 1))
    middle = data.draw(st.integers(0, len(rows)))
    whole = pa.array(rows, kind)
    for column in (whole, pa.chunked_array([whole[:middle], whole[middle:]])):
        taken = take_in(column[start:], mode="auto", what="x")
        found = taken.values if isinstance(taken, DenseData) else [row.tolist() for row in taken.rows]
        assert [list(row) for row in found] == rows[start:]
        assert taken.dtype == np.int64


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        (pd.Series([1, None], dtype="Int64"), ConversionError, "1 of 2 values .* first in row 1; fill"),
        (pd.Series(["a", None]), ConversionError, "the first in row 1"),
        (pd.Categorical(["a", None]), ConversionError, "a name such as 'missing'"),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), ConversionError, "column 'a': 1 of 2"),
        (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), RegisterError, r"'a' \(int64\), 'b' \(str\) share no"),
        (pd.DataFrame({"a": [2**53 + 1], "b": [0.5]}), ConversionError, "9007199254740993 in row 0"),
        (pd.DataFrame({"a": ["x", 1]}), RegisterError, "share no dtype; register each by itself"),
        (pd.DataFrame(), RegisterError, "share no dtype"),
        (pd.Series(pd.date_range("2020", periods=2, tz="UTC")), ArgumentTypeError, "rows hold Timestamp"),
        (pd.Series(pd.period_range("2020", periods=2)), ArgumentTypeError, "rows hold Period"),
        ([pd.Timestamp("2020")], ArgumentTypeError, "rows hold Timestamp"),
        (pd.MultiIndex.from_tuples([(1, 2)]), ArgumentTypeError, "a pandas MultiIndex is not taken"),
        (pd.Timestamp("2020"), ArgumentTypeError, "a pandas Timestamp is not taken"),
        (pd.Series(["a", 1], dtype=object), RegisterError, "rows mix numbers and text"),
        (pa.array([1, None]), ConversionError, "1 of 2 values are missing, the first in row 1"),
        (pa.nulls(2), ConversionError, "2 of 2 values are missing"),
        (pa.array([[1, None], [3]]), ConversionError, "row 0: 1 of 2 values are missing"),
        (pa.array(["a", None]).dictionary_encode(), ConversionError, "the first in row 1"),
        (pa.DictionaryArray.from_arrays([0, 1], ["a", None]), ConversionError, "the first in row 1"),
        (pa.array([{"a": 1}]), ArgumentTypeError, "rows hold dict"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), RegisterError, "text stands beside int"),
        (pa.array([0], pa.timestamp("s", "UTC")), ArgumentTypeError, "has a time zone"),
        (pa.table({"a": [1]}), ArgumentTypeError, r"Table is not taken; give one column, as table\["),
        (pa.record_batch({"a": [1]}), ArgumentTypeError, "RecordBatch is not taken"),
        (pa.scalar(1), ArgumentTypeError, "Int64Scalar is not taken"),
    ],
    ids=lambda value: f"{type(value).__name__}",
)  # fmt: skip
def test_missing_mixed_and_foreign_values_are_refused(data, error, match):
    refused(data, error, match)
