"""From the shape that data have by nature to the one that an explicit mode stores."""

import numpy as np

from h5torch.errors import RegisterError
from h5torch.rows import Array
from h5torch.values.data import Data, DenseData, RaggedRows, SparseCells, SparseRows
from h5torch.values.text import encode_rows


def text_rows(values: Array, *, what: str) -> RaggedRows:
    """Spell one-dimensional text as rows of UTF-8 bytes."""
    encoded = encode_rows(values.tolist(), what=what)
    rows = tuple(np.frombuffer(text, dtype=np.uint8) for text in encoded)
    return RaggedRows(rows=rows, dtype=np.dtype("U"), text=True)


def as_mode(data: Data, mode: str, *, what: str) -> Data:
    """Bring data into the shape that an explicit mode stores."""
    match mode, data:
        case ("N-D", DenseData()) | ("csr", SparseRows()) | ("coo", SparseCells()):
            return data
        case ("ragged" | "vlen" | "separate", RaggedRows()):
            return data
        case _, DenseData() if data.names is not None:
            msg = f"{what}: mode={mode!r} cannot hold categories; use mode='N-D', or register their codes"
            raise RegisterError(msg)
        case "csr", DenseData() if data.values.ndim == 2 and data.values.dtype.kind in "biufc":
            return _rows_of(data.values)
        case "coo", DenseData() if data.values.dtype.kind in "biufc":
            found = np.nonzero(data.values)
            return SparseCells(
                indices=np.stack(found), data=data.values[found], shape=data.shape, bfloat16=data.bfloat16
            )
        case "coo", SparseRows():
            row_of = np.repeat(np.arange(data.shape[0]), np.diff(data.indptr))
            return SparseCells(indices=np.stack([row_of, data.indices]), data=data.data, shape=data.shape)
        case ("csr", SparseCells()) if len(data.shape) == 2:
            return _rows_of_cells(data)
        case "ragged", DenseData() if data.values.dtype.kind == "U" and data.values.ndim == 1:
            return text_rows(data.values, what=what)
        case ("ragged" | "vlen" | "separate", DenseData()) if _has_rows(data, mode):
            rows = tuple(np.asarray(row) for row in data.values)
            return RaggedRows(rows=rows, dtype=data.dtype, bfloat16=data.bfloat16)
        case _:
            raise RegisterError(_refusal(data, mode, what=what))


def _has_rows(data: DenseData, mode: str) -> bool:
    """Whether a mode of rows can hold each row as an array of its own."""
    return data.values.dtype.kind in "biufcmM" and (data.values.ndim > 1 or mode == "separate")


def _refusal(data: Data, mode: str, *, what: str) -> str:
    match mode, data:
        case "N-D", RaggedRows():
            shapes = sorted({row.shape for row in data.rows})
            return f"{what}: rows differ in shape, from {shapes[0]} to {shapes[-1]}; use mode='ragged'"
        case "N-D", SparseRows() | SparseCells():
            return f"{what}: mode='N-D' stores every value; call .toarray() first, or use mode='csr' or 'coo'"
        case _:
            return (
                f"{what}: mode={mode!r} cannot hold data of dtype {data.dtype} and shape "
                f"{data.shape}; leave mode='auto' to see what fits"
            )


def _rows_of(values: Array) -> SparseRows:
    row, column = np.nonzero(values)
    width = np.int32 if max(values.shape[1], len(row)) < 2**31 else np.int64
    indptr = np.zeros(len(values) + 1, dtype=width)
    np.cumsum(np.bincount(row, minlength=len(values)), out=indptr[1:])
    return SparseRows(
        indptr=indptr,
        indices=column.astype(width),
        data=values[row, column],
        n_cols=values.shape[1],
        ordered=True,
    )


def _rows_of_cells(cells: SparseCells) -> SparseRows:
    n_rows, n_cols = cells.shape
    flat, place = np.unique(
        cells.indices[0].astype(np.int64) * n_cols + cells.indices[1], return_inverse=True
    )
    summed = np.zeros(len(flat), dtype=cells.data.dtype)
    np.add.at(summed, place, cells.data)
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(flat // max(1, n_cols), minlength=n_rows), out=indptr[1:])
    columns = flat % max(1, n_cols)
    return SparseRows(indptr=indptr, indices=columns, data=summed, n_cols=n_cols, ordered=True)
