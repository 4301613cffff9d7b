"""Columns and tables of pandas and Arrow, each against the library's own answer."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, ConversionError, H5torchError, RegisterError
from h5torch.values.data import DenseData
from h5torch.values.intake import take_in


def dense(data: Any) -> np.ndarray:
    taken = take_in(data, mode="auto", what="0/x")
    assert isinstance(taken, DenseData)
    return taken.values if taken.names is None else taken.names[taken.values]


def refused(data: Any, error: type[H5torchError], match: str) -> None:
    with pytest.raises(error, match=f"^0/x.*{match}"):
        take_in(data, mode="auto", what="0/x")


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
        (pd.Series(np.array(["2020-01-01", "NaT"], "M8[us]")), np.array(["2020-01-01", "NaT"], "M8[us]")),
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
