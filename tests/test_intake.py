"""Whatever a caller gives is taken as it is meant, or refused with what was found and what to do."""

import datetime
import decimal
from collections import UserDict, deque
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import h5torch
from h5torch.errors import ArgumentTypeError, ConversionError, H5torchError, RegisterError
from h5torch.values.data import DenseData, RaggedRows
from h5torch.values.intake import is_stream, take_in


def dense(data: Any, mode: str = "auto") -> np.ndarray:
    taken = take_in(data, mode=mode, what="0/x")
    assert isinstance(taken, DenseData)
    return taken.values


def ragged(data: Any) -> list[list[Any]]:
    taken = take_in(data, mode="auto", what="0/x")
    assert isinstance(taken, RaggedRows)
    return [row.tolist() for row in taken.rows]


@given(values=hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=1, max_dims=3, max_side=3)))
def test_arrays_are_taken_as_they_are(values):
    """Every dtype that a file can hold, contiguous or not."""
    for given_as in (values, values[::-1], np.asfortranarray(values), values.T):
        np.testing.assert_array_equal(dense(given_as), given_as)


@given(
    rows=st.lists(
        st.lists(st.integers(-9, 9) | st.floats(-9, 9) | st.booleans(), min_size=1, max_size=4), min_size=1
    )
)
def test_lists_of_numbers_become_one_dtype(rows):
    """`[[1, 2], [0.5]]` is floats; equal lengths make an array, the others ragged rows."""
    taken = take_in(rows, mode="auto", what="x")
    found = taken.values.tolist() if isinstance(taken, DenseData) else [row.tolist() for row in taken.rows]
    assert found == rows
    assert isinstance(taken, DenseData) == (len({len(row) for row in rows}) == 1)
    assert taken.dtype == np.result_type(*(np.asarray(row).dtype for row in rows))


@given(values=st.lists(st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False), min_size=1))
@example(values=[-1, 10056333985303918592])
def test_integers_in_a_list_are_kept_exactly_or_refused(values):
    """The oracle compares Python numbers, which know no dtype."""
    plain = np.asarray(values)
    integers = all(isinstance(value, int) for value in values)
    in_no_dtype = integers and min(values) < 0 and max(values) >= 2**63  # though floats may equal them
    if plain.dtype.kind in "iuf" and plain.tolist() == values and not in_no_dtype:
        assert dense(values).tolist() == values
    else:
        with pytest.raises(H5torchError, match=r"would be rounded|integers beyond 64 bits"):
            dense(values)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (range(3), [0, 1, 2]),
        (np.arange(3, dtype=">i4"), [0, 1, 2]),
        ((1, 2.5), [1.0, 2.5]),
        (deque([1, 2]), [1, 2]),
        (bytearray(b"ab"), [97, 98]),
        (memoryview(b"ab"), [97, 98]),
        ([np.float32(1), np.float32(2)], [1, 2]),
        ([np.ma.array([1, 2]), np.ma.array([3, 4])], [[1, 2], [3, 4]]),
        (np.ma.array([1, 2]), [1, 2]),
        ([[]], [[]]),
        (np.array([[1, 2], [3, 4]], dtype=object), [[1, 2], [3, 4]]),
        ([np.array(["a", "b"], dtype=object)], [["a", "b"]]),
        ([b"a", b"bc"], [b"a", b"bc"]),
        ([np.datetime64("2020", "D")], [datetime.date(2020, 1, 1)]),
        ([[float("nan"), 1.0]], None),
        ([[complex(float("inf"), 1)], [2]], [[complex(float("inf"), 1)], [2]]),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_sequences_are_taken_as_they_are_meant(data, expected):
    found = dense(data).tolist()
    assert found == expected or expected is None


def test_rows_of_different_length_stay_ragged():
    assert ragged([np.arange(2), np.arange(0), np.arange(3)]) == [[0, 1], [], [0, 1, 2]]
    assert ragged(np.array([np.ones(1), np.ones(2)], dtype=object)) == [[1.0], [1.0, 1.0]]
    assert ragged([[], [1]]) == [[], [1]]
    assert ragged([[], [], [0.5, 1]]) == [[], [], [0.5, 1.0]]


def test_a_matrix_and_a_memory_map_are_arrays(tmp_path):
    with pytest.warns(PendingDeprecationWarning, match="matrix"):
        found = dense(np.matrix([[1, 2], [3, 4]]))
    assert type(found) is np.ndarray
    assert found.tolist() == [[1, 2], [3, 4]]
    mapped = np.memmap(tmp_path / "x", dtype=np.int16, mode="w+", shape=(3,))
    assert type(dense(mapped)) is np.ndarray


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        ({1, 2}, ArgumentTypeError, "data of type set are not taken; give an array"),
        ({"a": [1]}, ArgumentTypeError, "data of type dict are not taken"),
        (UserDict(a=1), ArgumentTypeError, "data of type UserDict are not taken"),
        ("text", ArgumentTypeError, "data of type str are not taken"),
        (b"text", ArgumentTypeError, "data of type bytes are not taken"),
        (None, ArgumentTypeError, "data of type NoneType are not taken"),
        (3, ArgumentTypeError, "data of type int are not taken"),
        (np.array(3), RegisterError, r"a single value has no rows; give a sequence, or np\.atleast_1d"),
        (np.float64(3), RegisterError, "a single value has no rows"),
        (np.array({}, dtype=object), RegisterError, "a single value has no rows"),
        ([], RegisterError, r"the data are empty, so their dtype is unknown; give np\.empty"),
        (np.array([], dtype=object), RegisterError, "the data are empty"),
        ([1, None], ConversionError, "row 1 is None; fill missing values"),
        (["a", None], ConversionError, "row 1 is None"),
        ([[1, None], [1, 2]], ArgumentTypeError, "rows hold NoneType"),
        (["a", 1], RegisterError, "rows mix numbers and text"),
        (["a", b"b"], RegisterError, "rows mix bytes and text"),
        ([1, [2]], RegisterError, "rows mix array and numbers"),
        ([["a", 1]], RegisterError, "text stands beside int, as in 1"),
        ([[b"a", "b"]], RegisterError, "text stands beside bytes"),
        ([np.ones(2), np.arange(3)], RegisterError, r"rows mix float64 and int64 \(.* in row 1\)"),
        ([np.ones(2), np.arange(2)], RegisterError, "rows mix float64 and int64"),
        ([[[1], [1, 2]], [[1]]], RegisterError, "differ in depth"),
        ([["a"], ["b", "c"]], RegisterError, "rows of several texts each are not stored; join them"),
        ([np.datetime64(1, "s"), np.timedelta64(1, "s")], RegisterError, "mix datetime64 and timedelta64"),
        ([datetime.datetime(2020, 1, 1)], ArgumentTypeError, "rows hold datetime; .* NumPy times"),  # noqa: DTZ001
        ([decimal.Decimal(1)], ArgumentTypeError, "rows hold Decimal"),
        ([2**70], ArgumentTypeError, "rows hold integers beyond 64 bits"),
        ([2**53 + 1, 0.5], ConversionError, "9007199254740993 would be rounded to 9007199254740992"),
        ([[2**53 + 1], [0.5, 0.5]], ConversionError, "9007199254740993 in row 0 cannot be held in float64"),
        ([{1}], ArgumentTypeError, "rows hold set"),
        (np.ma.array([1, 2, 3], mask=[False, True, False]), ConversionError, r"masked, .* row 1; fill them"),
        (np.ma.array([[1, 2], [3, 4]], mask=np.eye(2) > 0), ConversionError, "masked, the first in row 0"),
        ([np.ma.array([1, 2], mask=[False, True])], ConversionError, "values are masked"),
        (np.array(["a", None], np.dtypes.StringDType(na_object=None)), ConversionError, "row 1 is None"),
        (np.ma.masked, ConversionError, "values are masked, the first in row 0"),
    ],
)  # fmt: skip
def test_what_is_not_meant_as_data_is_refused(data, error, match):
    with pytest.raises(error, match=f"^0/x: .*{match}"):
        take_in(data, mode="auto", what="0/x")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (
            np.zeros(2, [("a", "i4")]),
            r"dtype \[\('a', '<i4'\)\] cannot be stored; split them into plain columns",
        ),
        (np.zeros(2, "V3"), "cannot be stored"),
        (np.array([1], "m8"), "times without a unit"),
        (np.empty((0, 3)), "the data are empty"),
        (np.empty((3, 0)), "hold no value; drop the axis of length 0"),
        (iter([]), "the iterable of blocks is empty"),
        (([1, "a"] for _ in range(2)), "rows mix"),
    ],
)
def test_what_no_file_can_hold_is_refused_and_leaves_no_trace(tmp_path, data, match):
    with h5torch.File(tmp_path / "x", "w") as f:
        with pytest.raises(H5torchError, match=match):
            f.register(data, "central")
        assert list(f) == []


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (([[0, 3]], [1, 2], (3,)), "nonzero 1 has index 3 on axis 0 of length 3"),
        (([[0, -1]], [1, 2], (3,)), "nonzero 1 has index -1"),
        (([[0, 1]], [1], (3,)), r"indices must have shape \(axes, nonzeros\) = \(1, 1\), found \(1, 2\)"),
        (([0, 1], [1, 2], (3,)), "indices must have shape"),
        (([[0.0]], [1], (3,)), "indices must be integers, found float64"),
        (([[0]], [[1]], (3,)), "the nonzero values, one axis"),
        (([[0]], [1], 3), "the third item of the tuple must be the shape, found 3"),
        (([[0]], [1], (2.5,)), "must be the shape"),
        ((np.empty((0, 1), int), [1], ()), "indices must have shape"),
    ],
)
def test_cells_that_do_not_fit_are_refused(cells, match):
    with pytest.raises(H5torchError, match=match):
        take_in(cells, mode="coo", what="x")
    with pytest.raises(ArgumentTypeError, match=r"give scipy\.sparse\.csr_array"):
        take_in(cells, mode="csr", what="x")


def test_iterables_without_a_length_are_streams_of_blocks():
    assert is_stream(block for block in [np.ones(2)])
    assert is_stream(map(np.asarray, [[1]]))
    for data in ([1], (1,), range(3), np.ones(2), "text", {1: 2}, {1}, 5):
        assert not is_stream(data)


@pytest.fixture
def other(tmp_path):
    """Return another file with datasets of many kinds."""
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["contiguous"] = np.arange(12).reshape(4, 3)
        f.create_dataset("chunked", data=np.arange(12).reshape(4, 3), chunks=(2, 2), compression="gzip")
        f["text"] = ["a", "bé", ""]
        f["fixed"] = np.array([b"a", b"bc"])
        f.create_dataset("ragged", (2,), h5py.vlen_dtype(np.int16))
        f["ragged"][0], f["ragged"][1] = [1, 2], [3]
        f["empty"] = np.empty((0, 3))
        f["scalar"] = 5
        f["null"] = h5py.Empty("f")
        yield f


def test_datasets_of_another_file_are_copied(tmp_path, other):
    with h5torch.File(tmp_path / "x", "w") as f:
        for name in ("contiguous", "chunked", "text", "fixed", "ragged"):
            f.register(other[name], "central")
            expected = other[name].asstr()[:] if name == "text" else other[name][:]
            for found, row in zip(f.column("central"), expected, strict=True):
                np.testing.assert_array_equal(found, row)
            del f["central"]


@pytest.mark.parametrize(("name", "match"), [("empty", "empty"), ("scalar", "no rows"), ("null", "no rows")])
def test_datasets_without_rows_are_refused(tmp_path, other, name, match):
    with h5torch.File(tmp_path / "x", "w") as f, pytest.raises(H5torchError, match=match):
        f.register(other[name], "central")


def test_a_group_is_no_data(tmp_path, other):
    with h5torch.File(tmp_path / "x", "w") as f, pytest.raises(ArgumentTypeError, match="data of type File"):
        f.register(other, "central")
