"""Columns and tables of pandas and Arrow, read without importing either."""

from typing import Any, Never

import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError, RegisterError
from h5torch.rows import Array
from h5torch.values.categories import check_names
from h5torch.values.convert import convert
from h5torch.values.data import DenseData
from h5torch.values.text import text_array

_ALIKE = ("biufc", "U", "S", "m", "M")
"""Kinds of dtypes whose columns may stand side by side in one array."""


def from_pandas(data: Any, *, what: str) -> DenseData | list[Any]:
    """Take a pandas column, index, categorical or frame; text categories keep their names.

    Raises:
        ConversionError: a value is missing, other than NaN and NaT where the dtype has them.
        RegisterError: columns of a frame that no single dtype holds.
        ArgumentTypeError: something else of pandas.
    """
    if getattr(data, "ndim", 0) == 2:
        return _from_frame(data, what=what)
    if getattr(data, "ndim", 0) != 1 or getattr(data, "nlevels", 1) > 1:
        msg = f"{what}: a pandas {type(data).__name__} is not taken; give one column, or .to_numpy()"
        raise ArgumentTypeError(msg)
    missing = np.asarray(data.isna())
    if missing.any() and not (isinstance(data.dtype, np.dtype) and data.dtype.kind in "fcmM"):
        _refuse_missing(missing, what=what)
    categorical = getattr(data, "cat", data)
    names = getattr(categorical, "categories", None)
    if names is not None and len(names) and all(isinstance(name, str) for name in names):
        return DenseData(values=np.asarray(categorical.codes), names=check_names(names, what=what))
    values = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
    return values.tolist() if values.dtype.kind in "OT" else DenseData(values=values)


def _from_frame(frame: Any, *, what: str) -> DenseData:
    """Take the columns of a frame side by side, if one dtype holds them all."""
    columns = [
        _plain(from_pandas(frame.iloc[:, at], what=f"{what}, column {name!r}"), what=what)
        for at, name in enumerate(frame.columns)
    ]
    if not any({column.dtype.kind for column in columns} <= set(kinds) for kinds in _ALIKE) or not columns:
        found = ", ".join(f"{name!r} ({dtype})" for name, dtype in list(frame.dtypes.items())[:8])
        msg = f"{what}: the columns {found} share no dtype; register each by itself, as frame[name]"
        raise RegisterError(msg)
    common = np.result_type(*(column.dtype for column in columns))
    if common.kind != "U":
        columns = [convert(column, common, casting="checked", what=what) for column in columns]
    return DenseData(values=np.stack(columns, axis=1))


def _plain(column: DenseData | list[Any], *, what: str) -> Array:
    """Return a column as an array; names stand for themselves, objects stay objects."""
    if isinstance(column, DenseData):
        return column.values if column.names is None else np.asarray(column.names[column.values])
    if column and all(isinstance(item, str) for item in column):
        return text_array(column, what=what)
    return np.empty(len(column), dtype=object)


def from_arrow(data: Any, *, what: str) -> DenseData | list[Any]:
    """Take an Arrow array or chunked array; text dictionaries become categories.

    Raises:
        ConversionError: a value is missing.
        ArgumentTypeError: a table, a scalar, or times with a time zone.
    """
    if not hasattr(data, "null_count") or not hasattr(data, "type"):
        msg = f"{what}: a pyarrow {type(data).__name__} is not taken; give one column, as table['name']"
        raise ArgumentTypeError(msg)
    data = data.combine_chunks() if hasattr(data, "combine_chunks") else data
    if data.null_count:
        _refuse_missing(np.asarray(data.is_null().to_numpy(zero_copy_only=False)), what=what)
    kind = str(data.type)
    if kind.startswith("timestamp") and "tz=" in kind:
        msg = f"{what}: {kind} has a time zone, which the file cannot keep; cast it to times without one"
        raise ArgumentTypeError(msg)
    if kind.startswith("dictionary"):
        names = data.dictionary.to_pylist()
        if names and all(isinstance(name, str) for name in names):
            codes = data.indices.to_numpy(zero_copy_only=False)
            return DenseData(values=codes, names=check_names(names, what=what))
        return from_arrow(data.dictionary_decode(), what=what)
    if kind.partition("<")[0].removeprefix("large_").removeprefix("fixed_size_") in {"list", "list_view"}:
        rows = [from_arrow(row.values, what=f"{what}, row {at}") for at, row in enumerate(data)]
        return [_plain(row, what=what) if isinstance(row, DenseData) else row for row in rows]
    values = data.to_numpy(zero_copy_only=False)
    return data.to_pylist() if values.dtype.kind == "O" else DenseData(values=values)


def _refuse_missing(missing: Array, *, what: str) -> Never:
    msg = (
        f"{what}: {int(missing.sum())} of {missing.size} values are missing, the first in row "
        f"{int(np.argmax(missing))}; fill them (a name such as 'missing' for text and categories) "
        "before registering"
    )
    raise ConversionError(msg)
