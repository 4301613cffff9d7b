"""Columns to tensors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from h5torch.batch import (
    CategoryColumn,
    Column,
    DenseColumn,
    PaddedColumn,
    RaggedColumn,
    SparseColumn,
    TextColumn,
    pad,
)
from h5torch.errors import ArgumentTypeError
from h5torch.rows import Array
from h5torch.scatter import in_order

LENGTHS, OFFSETS, SHAPES = "lengths", "offsets", "shapes"
"""What stands behind a key, after a slash, for the tensors that go with ragged rows."""


def tensors_of(columns: Mapping[str, Column], *, dense: bool = True) -> dict[str, Any]:
    """Turn the columns of a batch into tensors, as `collate` says.

    Args:
        columns: The columns.
        dense: Whether sparse rows that are to be dense become so now; else their columns stay.
    """
    tensors: dict[str, Any] = {}
    for key, column in columns.items():
        match column:
            case DenseColumn():
                tensors[key] = _dense(key, column)
            case SparseColumn(as_sparse=True):
                tensors[key] = _sparse(key, column)
            case SparseColumn():
                tensors[key] = tensor(key, column.stack()) if dense else column
            case PaddedColumn():
                tensors[key] = _bfloat16(tensor(key, column.values), column)
                tensors[f"{key}/{LENGTHS}"] = _lengths(column.shapes)
            case RaggedColumn():
                tensors |= _ragged(key, column)
            case TextColumn():
                tensors[key] = list(column.texts)
            case CategoryColumn():
                tensors[key] = torch.from_numpy(column.codes.astype(np.int64, copy=False))
    return tensors


def _dense(key: str, column: DenseColumn) -> Any:
    if column.values.dtype.kind in "USO":
        return column.values.tolist()
    return _bfloat16(tensor(key, column.values), column)


def _bfloat16(tensor: torch.Tensor, column: DenseColumn | RaggedColumn | PaddedColumn) -> torch.Tensor:
    return tensor.to(torch.bfloat16) if column.bfloat16 else tensor


def tensor(key: str, values: Array) -> torch.Tensor:
    """Return an array as a tensor; times as int64 counts of their unit.

    Raises:
        ArgumentTypeError: torch has no such dtype.
    """
    if values.dtype.kind in "mM":
        values = values.view(np.int64)
    try:
        return torch.from_numpy(np.ascontiguousarray(values))
    except TypeError as error:
        msg = f"{key}: torch has no dtype for {values.dtype}; register it with dtype_load='float64'"
        raise ArgumentTypeError(msg) from error


def _sparse(key: str, column: SparseColumn) -> torch.Tensor:
    """Make a sparse tensor, indices as wide as in the file where torch takes that; each row's ascend."""
    indices, data = column.indices, column.data
    if not column.ordered:
        indices, data = in_order(column.indptr, indices, data)
    narrow = indices.dtype == np.int32 and len(indices) < 2**31
    width = np.int32 if narrow else np.int64
    return torch.sparse_csr_tensor(
        torch.from_numpy(column.indptr.astype(width, copy=False)),
        torch.from_numpy(indices.astype(width, copy=False)),
        tensor(key, data),
        size=(len(column), column.n_cols),
        check_invariants=False,
    )


def _ragged(key: str, column: RaggedColumn) -> dict[str, Any]:
    """Make what was asked of ragged rows: one padded tensor, flat values, a nested tensor, or a list."""
    ranks = {row.ndim for row in column.rows}
    if ranks == {0}:
        return {key: _bfloat16(tensor(key, np.stack(column.rows)), column)}
    if column.form == "list":
        return {key: [_bfloat16(tensor(key, row), column) for row in column.rows]}
    if len(ranks) != 1:
        msg = f"{key}: rows of ranks {sorted(ranks)} make no tensor; ask for ragged='list'"
        raise ArgumentTypeError(msg)
    shapes = np.array([row.shape for row in column.rows], dtype=np.int64)
    if column.form == "pad":
        padded = pad(column.rows, shapes, dtype=column.rows[0].dtype, bfloat16=column.bfloat16)
        return tensors_of({key: padded})
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(shapes.prod(axis=1))]))
    values = tensor(key, np.concatenate([row.reshape(-1) for row in column.rows]))
    values = _bfloat16(values, column)
    if column.form == "nested":
        return {key: _nested(key, values, offsets, shapes)}
    packed = {key: values, f"{key}/{OFFSETS}": offsets}
    return packed if len(shapes[0]) == 1 else packed | {f"{key}/{SHAPES}": torch.from_numpy(shapes)}


def _nested(key: str, values: torch.Tensor, offsets: torch.Tensor, shapes: Array) -> torch.Tensor:
    """Make a jagged tensor; its rows may differ along their first axis alone."""
    inner = shapes[0, 1:]
    if (shapes[:, 1:] != inner).any():
        msg = f"{key}: rows differ along several axes, which no jagged tensor holds; ask for ragged='pad'"
        raise ArgumentTypeError(msg)
    step = int(inner.prod())
    if not step:
        msg = f"{key}: rows of shape (n, {', '.join(map(str, inner))}) hold nothing; ask for ragged='list'"
        raise ArgumentTypeError(msg)
    values = values.reshape(-1, *inner.tolist())
    return torch.nested.nested_tensor_from_jagged(values, offsets // step)


def _lengths(shapes: Array) -> torch.Tensor:
    lengths = shapes.astype(np.int64, copy=False)
    return torch.from_numpy(np.ascontiguousarray(lengths[:, 0] if lengths.shape[1] == 1 else lengths))
