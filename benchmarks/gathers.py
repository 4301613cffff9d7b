"""The hand-written gathers: what a careful person writes over plain arrays, one function a layout.

The limits of the machine (a `.npy` map, RAM) run exactly these. They take the source arrays and the numbers
of the wanted rows, and return fresh arrays of the batch.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from benchmarks.workloads import CSR_COLUMNS

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Rows = NDArray[np.intp]
Batch = dict[str, Any]

_ROWS_AT_ONCE = 32
"""Rows that are made dense together: 2.5 MB of them."""


def gather_dense(arrays: Arrays, rows: Rows) -> Batch:
    """Return whole rows of every array."""
    return {name: array.take(rows, axis=0) for name, array in arrays.items()}


def gather_ragged(arrays: Arrays, rows: Rows) -> Batch:
    """Return rows padded with zeros to the longest of the batch, and their lengths."""
    values = arrays["values"]
    starts, lengths = spans(arrays["offsets"], rows)
    padded = np.zeros((len(rows), lengths.max()), dtype=values.dtype)
    flat, width, at = padded.reshape(-1), padded.shape[1], 0
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        flat[at : at + length] = values[start : start + length]
        at += width
    return {"x": padded, "lengths": lengths}


def gather_coo(arrays: Arrays, rows: Rows) -> Batch:
    """Return nonzeros with the features of the row and the column that each lies in."""
    row, column = arrays["indices"].take(rows, axis=1)
    return {
        "value": arrays["value"].take(rows),
        "row": arrays["row"].take(row, axis=0),
        "col": arrays["col"].take(column, axis=0),
    }


def gather_sparse(arrays: Arrays, rows: Rows) -> Batch:
    """Return sparse rows: offsets, columns and values, all concatenated from slices of rows."""
    starts, lengths = spans(arrays["indptr"], rows)
    indptr = np.zeros(len(rows) + 1, dtype=arrays["indices"].dtype)
    np.cumsum(lengths, out=indptr[1:])
    ends = (starts + lengths).tolist()
    pieces = [slice(start, end) for start, end in zip(starts.tolist(), ends, strict=True)]
    indices, data = arrays["indices"], arrays["data"]
    return {
        "indptr": indptr,
        "indices": np.concatenate([indices[piece] for piece in pieces]),
        "data": np.concatenate([data[piece] for piece in pieces]),
    }


def gather_csr(arrays: Arrays, rows: Rows) -> Batch:
    """Return sparse rows made dense."""
    return {"x": densified(**gather_sparse(arrays, rows))}


def spans(offsets: Array, rows: Rows) -> tuple[Array, Array]:
    """Return where each row starts, and how long it is."""
    starts = offsets.take(rows)
    return starts, offsets.take(rows + 1) - starts


def densified(indptr: Array, indices: Array, data: Array) -> Array:
    """Return sparse rows as a dense array.

    SciPy fills it some rows at a time: zeros that were just written are still in the cache of the core when
    the values are put among them, which makes this 1.4 times as fast as one call for all rows.
    """
    dense = np.empty((len(indptr) - 1, CSR_COLUMNS), dtype=data.dtype)
    for start in range(0, len(dense), _ROWS_AT_ONCE):
        block = dense[start : start + _ROWS_AT_ONCE]
        bounds = indptr[start : start + len(block) + 1]
        own = slice(bounds[0], bounds[-1])
        parts = (data[own], indices[own], bounds - bounds[0])
        scipy.sparse.csr_array(parts, shape=block.shape, copy=False).toarray(out=block)
    return dense


GATHERS: dict[str, Callable[[Arrays, Rows], Batch]] = {
    "dense": gather_dense,
    "images": gather_dense,
    "csr": gather_csr,
    "sparse": gather_sparse,
    "ragged": gather_ragged,
    "coo": gather_coo,
}
"""By layout of a workload."""
