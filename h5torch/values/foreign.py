"""Data from other libraries, recognised without importing any of them."""

from typing import Any

import numpy as np

from h5torch.errors import ConversionError, RegisterError
from h5torch.values.data import Data, DenseData, SparseCells, SparseRows


def library_of(data: object) -> str:
    """Return the name of the top-level package that defines the type of `data`."""
    return type(data).__module__.partition(".")[0]


def is_scipy(data: object) -> bool:
    """Whether `data` is a SciPy sparse matrix or array."""
    return hasattr(data, "tocsr") and hasattr(data, "tocoo")


def take_foreign(data: Any, *, what: str) -> Any:
    """Take data of a known library: brought into shape, or as a plain list; others as they are."""
    library = library_of(data)
    if is_scipy(data):
        return from_scipy(data, what=what)
    if library == "torch" or hasattr(data, "crow_indices"):
        return from_torch(data, what=what)
    if library == "pandas":
        return from_pandas(data, what=what)
    return from_arrow(data, what=what) if library == "pyarrow" else data


def from_torch(tensor: Any, *, what: str) -> Data:
    """Take a torch tensor of any device, layout and dtype; bfloat16 becomes exact float32."""
    tensor = tensor.detach().cpu()
    layout = str(tensor.layout)
    if layout == "torch.sparse_coo":
        cells = tensor.coalesce()
        values = from_torch(cells.values(), what=what)
        return SparseCells(indices=cells.indices().numpy(), data=_dense(values), shape=tuple(tensor.shape))
    if layout == "torch.sparse_csr":
        return SparseRows(
            indptr=tensor.crow_indices().numpy(),
            indices=tensor.col_indices().numpy(),
            data=_dense(from_torch(tensor.values(), what=what)),
            n_cols=int(tensor.shape[1]),
        )
    if layout != "torch.strided":
        msg = f"{what}: tensors of layout {layout} are not taken; call .to_sparse_csr() or .to_dense()"
        raise RegisterError(msg)
    bfloat16 = str(tensor.dtype) == "torch.bfloat16"
    return DenseData(values=(tensor.float() if bfloat16 else tensor).numpy(), bfloat16=bfloat16)


def _dense(data: Data) -> Any:
    return data.values if isinstance(data, DenseData) else data


def from_scipy(matrix: Any, *, what: str) -> SparseRows:
    """Take a SciPy sparse matrix or array of any format as rows, entries that repeat summed."""
    if len(matrix.shape) != 2:
        msg = f"{what}: sparse data must have two axes, found {matrix.shape}; use mode='coo'"
        raise RegisterError(msg)
    rows = matrix.tocsr()
    summed = rows.copy()
    summed.sum_duplicates()
    if summed.nnz != rows.nnz:
        rows = summed
    return SparseRows(indptr=rows.indptr, indices=rows.indices, data=rows.data, n_cols=int(rows.shape[1]))


def cells_from_scipy(matrix: Any) -> SparseCells:
    """Take a SciPy sparse matrix or array of any format and rank as separate nonzeros."""
    cells = matrix.tocoo()
    coords = getattr(cells, "coords", None) or (cells.row, cells.col)
    return SparseCells(indices=np.stack(coords), data=cells.data, shape=tuple(int(n) for n in cells.shape))


def from_pandas(data: Any, *, what: str) -> DenseData | list[Any]:
    """Take a pandas column, index, categorical or frame; text categories keep their names."""
    if getattr(data, "ndim", 1) == 2:
        return DenseData(values=np.asarray(data))
    if hasattr(data, "isna") and bool(np.asarray(data.isna()).any()) and not _is_float(data):
        _refuse_missing(np.asarray(data.isna()), what=what)
    categorical = getattr(data, "cat", data)
    names = getattr(categorical, "categories", None)
    if names is not None and all(isinstance(name, str) for name in names):
        codes = np.asarray(categorical.codes)
        return DenseData(values=codes, names=np.array(list(names), dtype=np.str_))
    values = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
    return values.tolist() if values.dtype.kind == "O" else DenseData(values=values)


def _is_float(data: Any) -> bool:
    return isinstance(data.dtype, np.dtype) and data.dtype.kind in "fcmM"


def from_arrow(data: Any, *, what: str) -> DenseData | list[Any]:
    """Take an Arrow array or chunked array; dictionary columns become categories."""
    data = data.combine_chunks() if hasattr(data, "combine_chunks") else data
    if data.null_count:
        _refuse_missing(np.asarray(data.is_null().to_numpy(zero_copy_only=False)), what=what)
    kind = str(data.type)
    if kind.startswith("dictionary"):
        names = data.dictionary.to_pylist()
        if all(isinstance(name, str) for name in names):
            codes = data.indices.to_numpy(zero_copy_only=False)
            return DenseData(values=codes, names=np.array(names, dtype=np.str_))
        return DenseData(values=np.asarray(names)[data.indices.to_numpy(zero_copy_only=False)])
    if "list" in kind:
        return [np.asarray(row.values.to_numpy(zero_copy_only=False)) for row in data]
    values = data.to_numpy(zero_copy_only=False)
    return data.to_pylist() if values.dtype.kind == "O" else DenseData(values=values)


def _refuse_missing(missing: np.ndarray, *, what: str) -> None:
    msg = (
        f"{what}: {int(missing.sum())} of {missing.size} values are missing, the first in row "
        f"{int(np.argmax(missing))}; fill them (a name such as 'missing' for text and categories) "
        "before registering"
    )
    raise ConversionError(msg)
