"""Python lists, and arrays of objects: what one row is, and whether rows are equal in shape."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError, RegisterError
from h5torch.rows import Array
from h5torch.values import foreign
from h5torch.values.convert import convert
from h5torch.values.data import Data, DenseData, RaggedRows
from h5torch.values.text import check_ends, text_array

# Floats hold whole numbers up to here; beyond, NumPy rounds integers that stand beside a float.
_EXACT = 2**53


def from_rows(rows: Sequence[Any], *, what: str) -> Data:
    """Take a list: of text, bytes or numbers, of nested lists, or of arrays equal or not in shape.

    Raises:
        RegisterError: it is empty, mixed, or deeper than one rank.
        ConversionError: a value is missing, or no array keeps it.
        ArgumentTypeError: Python objects that are no values.
    """
    if not rows:
        msg = f"{what}: the data are empty, so their dtype is unknown; give np.empty((0, ...), dtype)"
        raise RegisterError(msg)
    dtypes = _dtypes_of_arrays(rows)
    if dtypes:
        return _joined(rows, dtypes, what=what)
    types = set(map(type, rows))
    if types == {float}:
        return DenseData(values=np.asarray(rows))
    kinds = {"text"} if types == {str} else {_row_kind(row) for row in rows}
    if "none" in kinds:
        first = next(row for row, item in enumerate(rows) if item is None)
        msg = f"{what}: row {first} is None; fill missing values before registering"
        raise ConversionError(msg)
    if len(kinds) > 1:
        msg = f"{what}: rows mix {' and '.join(sorted(kinds))}; one object holds one kind of value"
        raise RegisterError(msg)
    if kinds == {"array"}:
        return _from_arrays(rows, what=what)
    if kinds == {"text"}:
        return DenseData(values=text_array(rows, what=what))
    return DenseData(values=_as_array(rows, what=what))


def _dtypes_of_arrays(rows: Sequence[Any]) -> set[np.dtype[Any]]:
    """Return the dtypes of rows that are all arrays of values; an empty set where one needs a closer look."""
    if set(map(type, rows)) != {np.ndarray} or 0 in set(map(attrgetter("ndim"), rows)):
        return set()
    dtypes = set(map(attrgetter("dtype"), rows))
    return set() if any(dtype.kind in "OT" for dtype in dtypes) else dtypes


def _row_kind(row: Any) -> str:
    if row is None:
        return "none"
    if isinstance(row, str):
        return "text"
    if isinstance(row, bytes):
        return "bytes"
    if isinstance(row, (list, tuple, range)) or np.ndim(row) or foreign.is_tensor(row):
        return "array"
    return "numbers"


def _as_array(rows: Any, *, what: str) -> Array:
    """Make an array of Python values that NumPy would not change on the way."""
    try:
        array = np.asarray(rows)
    except (ValueError, TypeError) as error:
        msg = f"{what}: rows of one list differ in depth ({error}); make each an array of one rank"
        raise RegisterError(msg) from error
    leaves = np.array(rows, dtype=object).ravel().tolist() if array.dtype.kind not in "biu" else []
    if array.dtype.kind == "O" or any(leaf is None for leaf in leaves):
        _refuse_objects(leaves, what=what)
    if array.dtype.kind in "US":
        expected = str if array.dtype.kind == "U" else bytes
        odd = next((leaf for leaf in leaves if not isinstance(leaf, expected)), None)
        if odd is not None:
            msg = f"{what}: text stands beside {type(odd).__name__}, as in {odd!r}; store one kind of value"
            raise RegisterError(msg)
        check_ends(leaves, "\0" if expected is str else b"\0", what=what)
    if array.dtype.kind in "fc" and array.size and np.nanmax(np.abs(array), initial=0) >= _EXACT:
        _check_rounded(leaves, array.ravel(), what=what)
    if array.dtype.kind == "f" and leaves and all(type(leaf) is int for leaf in leaves):
        return _unsigned(rows, leaves, what=what)
    if array.dtype.kind in "mM" and len({np.asarray(leaf).dtype.kind for leaf in leaves}) > 1:
        msg = f"{what}: rows mix datetime64 and timedelta64; one object holds one kind of value"
        raise RegisterError(msg)
    return array


def _unsigned(rows: Any, leaves: Iterable[Any], *, what: str) -> Array:
    """Keep integers integers where NumPy would make them floats: beyond int64 and not all that large."""
    try:
        return np.asarray(rows, dtype=np.uint64)
    except OverflowError:
        _refuse_objects(leaves, what=what)
        raise


def _refuse_objects(leaves: Iterable[Any], *, what: str) -> None:
    kinds = sorted({type(leaf).__name__ for leaf in leaves if not isinstance(leaf, (int, float, complex))})
    found = " and ".join(kinds) or "integers beyond 64 bits"
    msg = f"{what}: rows hold {found}; give numbers, text, bytes, or NumPy times, with none missing"
    raise ArgumentTypeError(msg)


def _check_rounded(leaves: Iterable[Any], array: Array, *, what: str) -> None:
    """Refuse integers that were rounded because a float, or a larger integer, stands beside them."""
    for leaf, kept in zip(leaves, array.real.tolist(), strict=True):
        if isinstance(leaf, (int, np.integer)) and (not np.isfinite(kept) or int(leaf) != int(kept)):
            msg = f"{what}: {leaf} would be rounded to {kept} in {array.dtype}; give an array of one dtype"
            raise ConversionError(msg)


def _from_arrays(rows: Sequence[Any], *, what: str) -> Data:
    taken = [_row_array(row, what=what) for row in rows]
    arrays = [item.values for item in taken]
    if all(isinstance(row, (list, tuple, range)) for row in rows):
        arrays = _of_one_dtype(arrays, what=what)
    dtypes = {array.dtype for array in arrays}
    return _joined(arrays, dtypes, what=what, bfloat16=all(item.bfloat16 for item in taken))


def _joined(arrays: Sequence[Array], found: set[np.dtype[Any]], *, what: str, bfloat16: bool = False) -> Data:
    """Stack rows of equal shape; keep the others ragged, those without values in the dtype of the rest."""
    dtypes = found
    if len(found) > 1:
        dtypes = {array.dtype for array in arrays if array.size} or {arrays[0].dtype}
    kinds = {dtype.kind for dtype in dtypes}
    if len(dtypes) > 1 and not kinds <= {"U"} and not kinds <= {"S"}:
        listed = " and ".join(sorted(str(dtype) for dtype in dtypes))
        row = next(at for at, array in enumerate(arrays) if array.dtype != arrays[0].dtype)
        msg = f"{what}: rows mix {listed} (the first change is in row {row}); cast them to one dtype"
        raise RegisterError(msg)
    shape = arrays[0].shape
    if all(array.shape == shape for array in arrays):
        stacked = np.concatenate(arrays).reshape(len(arrays), *shape) if shape else np.stack(arrays)
        return DenseData(values=stacked, bfloat16=bfloat16)
    dtype = next(iter(dtypes))
    if dtype.kind not in "biufcmM":
        msg = f"{what}: rows of several texts each are not stored; join them, or store numbers"
        raise RegisterError(msg)
    rows = arrays if len(found) == 1 else [array.astype(dtype, copy=False) for array in arrays]
    return RaggedRows(rows=tuple(rows), dtype=dtype, bfloat16=bfloat16)


def _of_one_dtype(arrays: Sequence[Array], *, what: str) -> list[Array]:
    """Give lists of Python numbers the dtype that all of them fit: `[[1, 2], [0.5]]` is floats."""
    filled = [array for array in arrays if array.size]
    if not filled or any(array.dtype.kind not in "biufc" for array in filled):
        return list(arrays)
    common = np.result_type(*(array.dtype for array in filled))
    return [
        convert(array, common, casting="checked", what=what, first_row=row)
        for row, array in enumerate(arrays)
    ]


def _row_array(row: Any, *, what: str) -> DenseData:
    if foreign.is_tensor(row):
        tensor = foreign.from_torch(row, what=what)
        if isinstance(tensor, DenseData):
            return tensor
        msg = f"{what}: rows are sparse tensors; stack them into one, or call .to_dense() on each"
        raise RegisterError(msg)
    foreign.refuse_masked(row, what=what)
    if not isinstance(row, np.ndarray):
        return DenseData(values=_as_array(row, what=what))
    objects = row.dtype.kind in "OT"
    return DenseData(values=_as_array(row.tolist(), what=what) if objects else np.asarray(row))
