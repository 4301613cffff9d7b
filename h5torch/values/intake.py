"""Any data a caller may give, recognised and brought into one of four shapes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError, RegisterError
from h5torch.rows import Array
from h5torch.values import foreign
from h5torch.values.data import Data, DenseData, RaggedRows, SparseCells, SparseRows
from h5torch.values.modes import as_mode

_CELLS_PARTS = 3


def is_stream(data: object) -> bool:
    """Whether `data` is an iterable of blocks rather than data of known length."""
    return isinstance(data, Iterator) or (
        isinstance(data, Iterable) and not hasattr(data, "__len__") and not hasattr(data, "shape")
    )


def take_in(data: Any, *, mode: str, what: str) -> Data:
    """Recognise data and bring it into the shape that `mode` stores (`"auto"`: its natural one).

    Raises:
        ArgumentTypeError: data of a kind that nothing here stores.
        RegisterError: empty, mixed or ragged data where `mode` cannot hold them.
    """
    if foreign.is_scipy(data) and mode == "coo":
        return foreign.cells_from_scipy(data)
    if isinstance(data, tuple) and mode == "coo" and len(data) == _CELLS_PARTS:
        return _cells(data, what=what)
    if isinstance(data, tuple) and mode == "csr" and len(data) == _CELLS_PARTS:
        msg = f"{what}: mode='csr' takes a matrix, found a tuple; give scipy.sparse.csr_array(tuple)"
        raise ArgumentTypeError(msg)
    taken = _natural(data, what=what)
    return taken if mode == "auto" else as_mode(taken, mode, what=what)


def _natural(data: Any, *, what: str) -> Data:
    data = foreign.take_foreign(data, what=what)
    if isinstance(data, DenseData | SparseRows | SparseCells):
        return data
    if isinstance(data, np.ndarray) and data.dtype.kind not in "OT":
        return _dense(np.asarray(data), what=what)
    if isinstance(data, np.ndarray):
        return _from_rows(data.tolist() if data.ndim > 1 else list(data), what=what)
    if isinstance(data, (list, tuple, range)):
        return _from_rows(data, what=what)
    if hasattr(data, "__array__"):
        return _dense(np.asarray(data), what=what)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, (str, bytes, dict)):
        return _from_rows([data[row] for row in range(len(data))], what=what)
    msg = (
        f"{what}: data of type {type(data).__name__} are not taken; give an array, a tensor, a list, a "
        "SciPy sparse matrix, a column of pandas or Arrow, or an iterable of such blocks"
    )
    raise ArgumentTypeError(msg)


def _dense(values: Array, *, what: str, bfloat16: bool = False) -> DenseData:
    if values.ndim == 0:
        msg = f"{what}: a single value has no rows; give a sequence, or np.atleast_1d(value)"
        raise RegisterError(msg)
    return DenseData(values=values, bfloat16=bfloat16)


def _from_rows(rows: Sequence[Any], *, what: str) -> Data:
    """Take a list: of text, bytes or numbers, of nested lists, or of arrays equal or not in shape."""
    if not rows:
        msg = f"{what}: the data are empty, so their dtype is unknown; give np.empty((0, ...), dtype)"
        raise RegisterError(msg)
    kinds = {_row_kind(row) for row in rows}
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
        return DenseData(values=np.array([str(row) for row in rows]))
    return _dense(_as_array(rows, what=what), what=what)


def _row_kind(row: Any) -> str:
    if row is None:
        return "none"
    if isinstance(row, str):
        return "text"
    if isinstance(row, bytes):
        return "bytes"
    if isinstance(row, (list, tuple)) or np.ndim(row) or foreign.library_of(row) in {"torch", "pandas"}:
        return "array"
    return "numbers"


def _as_array(rows: Any, *, what: str) -> Array:
    try:
        array = np.asarray(rows)
    except ValueError as error:
        msg = f"{what}: rows of one list differ in depth ({error}); make each an array of one rank"
        raise RegisterError(msg) from error
    if array.dtype.kind == "O":
        msg = f"{what}: rows hold Python objects, such as {type(rows[0]).__name__}; give numbers or text"
        raise ArgumentTypeError(msg)
    return array


def _from_arrays(rows: Sequence[Any], *, what: str) -> Data:
    """Stack rows of equal shape; keep the others ragged."""
    taken = [_row_array(row, what=what) for row in rows]
    arrays = [item.values for item in taken]
    bfloat16 = all(item.bfloat16 for item in taken)
    dtypes = {array.dtype for array in arrays if array.size} or {arrays[0].dtype}
    kinds = {dtype.kind for dtype in dtypes}
    if len(dtypes) > 1 and not kinds <= {"U"} and not kinds <= {"S"}:
        listed = " and ".join(sorted(str(dtype) for dtype in dtypes))
        row = next(at for at, array in enumerate(arrays) if array.dtype != arrays[0].dtype)
        msg = f"{what}: rows mix {listed} (the first change is in row {row}); cast them to one dtype"
        raise RegisterError(msg)
    if len({array.shape for array in arrays}) == 1:
        return _dense(np.stack(arrays), what=what, bfloat16=bfloat16)
    return ragged_rows(arrays, what=what, bfloat16=bfloat16)


def _row_array(row: Any, *, what: str) -> DenseData:
    if foreign.library_of(row) == "torch":
        tensor = foreign.from_torch(row, what=what)
        if isinstance(tensor, DenseData):
            return tensor
    values = np.asarray(row) if isinstance(row, np.ndarray) else _as_array(row, what=what)
    return DenseData(values=values)


def ragged_rows(arrays: Sequence[Array], *, what: str, bfloat16: bool = False) -> RaggedRows:
    """Keep arrays as rows of different shape.

    Raises:
        RegisterError: the rows hold text.
    """
    dtype = next((array.dtype for array in arrays if array.size), arrays[0].dtype)
    if dtype.kind not in "biufcmM":
        msg = f"{what}: rows of several texts each are not stored; join them, or store numbers"
        raise RegisterError(msg)
    rows = tuple(array.astype(dtype, copy=False) for array in arrays)
    return RaggedRows(rows=rows, dtype=dtype, bfloat16=bfloat16)


def _cells(data: tuple[Any, Any, Any], *, what: str) -> SparseCells:
    """Take a tuple of indices `(rank, nnz)`, values `(nnz,)` and shape."""
    indices, values, shape = np.asarray(data[0]), _natural(data[1], what=what), data[2]
    if not isinstance(values, DenseData) or values.values.ndim != 1:
        msg = f"{what}: the second item of the tuple must be the nonzero values, one axis"
        raise RegisterError(msg)
    lengths = tuple(int(length) for length in shape)
    if indices.ndim != 2 or indices.shape != (len(lengths), len(values.values)):
        msg = (
            f"{what}: indices must have shape (axes, nonzeros) = ({len(lengths)}, "
            f"{len(values.values)}), found {indices.shape}; transpose or cut them"
        )
        raise RegisterError(msg)
    if indices.dtype.kind not in "iu":
        msg = f"{what}: indices must be integers, found {indices.dtype}"
        raise RegisterError(msg)
    for axis, length in enumerate(lengths):
        wrong = (indices[axis] < 0) | (indices[axis] >= length)
        if wrong.any():
            at = int(np.argmax(wrong))
            msg = f"{what}: nonzero {at} has index {indices[axis][at]} on axis {axis} of length {length}"
            raise RegisterError(msg)
    return SparseCells(indices=indices, data=values.values, shape=lengths)
