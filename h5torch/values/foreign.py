"""Data from other libraries, recognised without importing any of them."""

from typing import Any

import attrs
import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError, RegisterError
from h5torch.rows import Array, outside
from h5torch.values.data import Data, DenseData, SparseCells, SparseRows
from h5torch.values.tables import from_arrow, from_pandas


def is_scipy(data: object) -> bool:
    """Whether `data` is a SciPy sparse matrix or array."""
    return hasattr(data, "tocsr") and hasattr(data, "tocoo")


def is_tensor(data: object) -> bool:
    """Whether `data` is a torch tensor."""
    return hasattr(data, "detach") and hasattr(data, "layout")


def take_foreign(data: Any, *, what: str) -> Any:
    """Take data of a known library: brought into shape, or as a plain list; others as they are."""
    library = type(data).__module__.partition(".")[0]
    if is_scipy(data):
        return from_scipy(data, what=what)
    if is_tensor(data):
        return list(data.unbind()) if data.is_nested else from_torch(data, what=what)
    if library == "pandas":
        return from_pandas(data, what=what)
    refuse_masked(data, what=what)
    return from_arrow(data, what=what) if library == "pyarrow" else data


def refuse_masked(data: object, *, what: str) -> None:
    """Refuse a masked array in which a value is masked.

    Raises:
        ConversionError: one is; what lies under the mask is not meant to be read.
    """
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        where = np.unravel_index(int(np.argmax(np.ma.getmaskarray(data))), data.shape)
        row = int(where[0]) if where else 0
        msg = f"{what}: values are masked, the first in row {row}; fill them with .filled(value) first"
        raise ConversionError(msg)


def from_torch(tensor: Any, *, what: str) -> Data:
    """Take a torch tensor of any device, layout and dtype; bfloat16 becomes exact float32.

    Raises:
        RegisterError: a sparse layout other than `sparse_coo` and `sparse_csr`, or one with dense axes.
        ArgumentTypeError: a dtype that NumPy lacks, or a tensor without values.
    """
    layout = str(tensor.layout)
    if layout == "torch.sparse_coo":
        return _cells_from_torch(tensor.detach().cpu().coalesce(), what=what)
    if layout == "torch.sparse_csr" and tensor.ndim == 2 and tensor.values().ndim == 1:
        tensor = tensor.detach().cpu()
        indptr, indices = tensor.crow_indices().numpy(), tensor.col_indices().numpy()
        data = _strided(tensor.values(), what=what)
        return _check_rows(indptr, indices, data.values, n_cols=int(tensor.shape[1]), what=what)
    if layout != "torch.strided":
        msg = (
            f"{what}: tensors of layout {layout} with {tensor.ndim} axes are not taken; call "
            ".to_sparse_csr() or .to_dense()"
        )
        raise RegisterError(msg)
    return _strided(tensor, what=what)


def _strided(tensor: Any, *, what: str) -> DenseData:
    if tensor.is_quantized or tensor.is_meta:
        found = "a meta tensor, which has no values" if tensor.is_meta else "a quantized tensor"
        msg = f"{what}: found {found}; give a tensor of plain values, as .dequantize() does"
        raise ArgumentTypeError(msg)
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    bfloat16 = str(tensor.dtype) == "torch.bfloat16"
    try:
        values = (tensor.float() if bfloat16 else tensor).numpy()
    except TypeError as error:
        msg = f"{what}: NumPy has no dtype for {tensor.dtype}; convert it, as with .float()"
        raise ArgumentTypeError(msg) from error
    return DenseData(values=values, bfloat16=bfloat16)


def _cells_from_torch(cells: Any, *, what: str) -> SparseCells:
    if cells.dense_dim():
        msg = (
            f"{what}: a sparse tensor with {cells.dense_dim()} dense axes is not taken; call .to_dense(), "
            "or .to_dense().to_sparse()"
        )
        raise RegisterError(msg)
    data = _strided(cells.values(), what=what)
    return SparseCells(
        indices=cells.indices().numpy(), data=data.values, shape=tuple(cells.shape), bfloat16=data.bfloat16
    )


def from_scipy(matrix: Any, *, what: str) -> SparseRows:
    """Take a SciPy sparse matrix or array of any format as rows, entries that repeat summed.

    Raises:
        RegisterError: it has not two axes, or its parts do not fit together.
    """
    if len(matrix.shape) != 2:
        msg = f"{what}: sparse data must have two axes, found {matrix.shape}; use mode='coo'"
        raise RegisterError(msg)
    rows = _summed(matrix.tocsr())
    taken = _check_rows(rows.indptr, rows.indices, rows.data, n_cols=int(rows.shape[1]), what=what)
    return attrs.evolve(taken, ordered=bool(rows.has_canonical_format))


def cells_from_scipy(matrix: Any) -> SparseCells:
    """Take a SciPy sparse matrix or array of any format and rank as nonzeros, repeated ones summed."""
    cells = _summed(matrix.tocoo())
    coords = getattr(cells, "coords", None) or (cells.row, cells.col)
    return SparseCells(indices=np.stack(coords), data=cells.data, shape=tuple(int(n) for n in cells.shape))


def _summed(matrix: Any) -> Any:
    """Sum entries that repeat; where none does, the caller's order stays."""
    if getattr(matrix, "has_canonical_format", False):
        return matrix
    summed = matrix.copy()
    summed.sum_duplicates()
    return matrix if summed.nnz == matrix.nnz else summed


def _check_rows(indptr: Array, indices: Array, data: Array, *, n_cols: int, what: str) -> SparseRows:
    """Refuse what the libraries let pass where a matrix was put together by hand."""
    n_stored = int(indptr[-1])
    indices, data = indices[:n_stored], data[:n_stored]
    fits = indptr[0] == 0 and (np.diff(indptr) >= 0).all() and len(data) == len(indices) == n_stored
    if not fits or outside(indices, n_cols):
        msg = (
            f"{what}: the matrix is damaged: indptr must rise from 0 to at most {len(indices)} entries, "
            f"columns must lie in [0, {n_cols}); build it anew"
        )
        raise RegisterError(msg)
    return SparseRows(indptr=indptr, indices=indices, data=data, n_cols=n_cols)
