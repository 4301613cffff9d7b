"""Any data a caller may give, recognised and brought into one of four shapes."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from h5torch.errors import ArgumentTypeError, RegisterError
from h5torch.rows import Array, outside
from h5torch.values import foreign
from h5torch.values.data import Data, DenseData, SparseCells, SparseRows
from h5torch.values.lists import from_rows
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
    if not isinstance(data, DenseData | SparseRows | SparseCells | list | tuple | range | np.ndarray):
        data = _opened(data, what=what)
    if isinstance(data, np.ndarray):
        data = DenseData(values=np.asarray(data))
    if isinstance(data, DenseData):
        if data.values.ndim == 0:
            msg = f"{what}: a single value has no rows; give a sequence, or np.atleast_1d(value)"
            raise RegisterError(msg)
        if data.values.dtype.kind not in "OT":
            return data
        data = data.values.tolist()
    return from_rows(data, what=what) if isinstance(data, list | tuple | range) else data


def _opened(data: Any, *, what: str) -> Array | list[Any]:
    """Look into an object that is an array, or a sequence, by its methods alone."""
    if hasattr(data, "__array__"):
        return np.asarray(data)
    unordered = isinstance(data, (str, bytes, Mapping))
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not unordered:
        return [data[row] for row in range(len(data))]
    msg = (
        f"{what}: data of type {type(data).__name__} are not taken; give an array, a tensor, a list, a "
        "SciPy sparse matrix, a column of pandas or Arrow, or an iterable of such blocks"
    )
    raise ArgumentTypeError(msg)


def _cells(data: tuple[Any, Any, Any], *, what: str) -> SparseCells:
    """Take a tuple of indices `(rank, nnz)`, values `(nnz,)` and shape."""
    indices, values = np.asarray(data[0]), _natural(data[1], what=what)
    if not isinstance(values, DenseData) or values.values.ndim != 1 or values.names is not None:
        msg = f"{what}: the second item of the tuple must be the nonzero values, one axis"
        raise RegisterError(msg)
    try:
        lengths = tuple(operator.index(length) for length in data[2])
    except TypeError as error:
        msg = f"{what}: the third item of the tuple must be the shape, found {data[2]!r}"
        raise ArgumentTypeError(msg) from error
    if indices.ndim != 2 or indices.shape != (len(lengths), len(values.values)) or not lengths:
        msg = (
            f"{what}: indices must have shape (axes, nonzeros) = ({len(lengths)}, "
            f"{len(values.values)}), found {indices.shape}; transpose or cut them"
        )
        raise RegisterError(msg)
    if indices.dtype.kind not in "iu":
        msg = f"{what}: indices must be integers, found {indices.dtype}"
        raise RegisterError(msg)
    for axis, length in enumerate(lengths):
        if outside(indices[axis], length):
            at = int(np.argmax((indices[axis] < 0) | (indices[axis] >= length)))
            msg = f"{what}: nonzero {at} has index {indices[axis][at]} on axis {axis} of length {length}"
            raise RegisterError(msg)
    return SparseCells(indices=indices, data=values.values, shape=lengths, bfloat16=values.bfloat16)
