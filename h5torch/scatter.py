"""Sparse rows made dense, and put in order. Pure."""

import numpy as np

from h5torch.buffers import empty
from h5torch.rows import Array

# Rows are made dense in blocks of about this many bytes: zeros that were just written are still in the
# core's cache when the values are put among them.
_BLOCK_BYTES = 5 << 18


def dense_rows(indptr: Array, indices: Array, data: Array, *, n_cols: int) -> Array:
    """Return sparse rows as a dense array; entries that repeat are summed.

    Args:
        indptr: Where rows begin and end, shape `(n + 1,)`, rising from 0.
        indices: Column of each entry, in `[0, n_cols)`, shape `(nnz,)`.
        data: Value of each entry, shape `(nnz,)`.
        n_cols: Number of columns.

    Returns:
        Values of the dtype of `data`, shape `(n, n_cols)`.
    """
    n_rows = len(indptr) - 1
    if not _is_known_to_scipy(data.dtype):
        return _added(indptr, indices, data, n_cols=n_cols)
    import scipy.sparse as sp  # takes a tenth of a second, and not every file is sparse

    index = np.int32 if max(n_cols, len(data)) < 2**31 else np.int64
    indices, bounds = indices.astype(index, copy=False), indptr.astype(index, copy=False)
    dense = empty((n_rows, n_cols), data.dtype)
    step = max(1, _BLOCK_BYTES // max(1, dense[:1].nbytes))
    for start in range(0, n_rows, step):
        block = dense[start : start + step]
        first, last = int(indptr[start]), int(indptr[start + len(block)])
        parts = (
            data[first:last],
            indices[first:last],
            bounds[start : start + len(block) + 1] - bounds[start],
        )
        sp.csr_array(parts, shape=block.shape).toarray(out=block)
    return dense


def _is_known_to_scipy(dtype: np.dtype[np.generic]) -> bool:
    return dtype.kind in "biufc" and dtype != np.float16 and dtype.isnative


def _added(indptr: Array, indices: Array, data: Array, *, n_cols: int) -> Array:
    """Do the same for values that SciPy has no sums of, such as float16."""
    dense = np.zeros((len(indptr) - 1, n_cols), dtype=data.dtype)
    np.add.at(dense, (np.repeat(np.arange(len(dense)), np.diff(indptr)), indices), data)
    return dense


def in_order(indptr: Array, indices: Array, data: Array) -> tuple[Array, Array]:
    """Return columns and values with the columns of each row ascending, as torch asks of them."""
    falls = np.flatnonzero(indices[1:] < indices[:-1]) + 1
    if np.isin(falls, indptr).all():
        return indices, data
    order = np.lexsort((indices, np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))))
    return indices[order], data[order]
