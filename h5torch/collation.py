"""Batches to tensors: for whole batches of columns, and for lists of samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

from h5torch.batch import (
    Batch,
    CategoryColumn,
    Cell,
    Column,
    DenseColumn,
    RaggedColumn,
    Sample,
    SparseColumn,
    TextColumn,
)
from h5torch.errors import ArgumentTypeError
from h5torch.rows import Array

LENGTHS = "lengths"


def collate(samples: Sequence[Any]) -> Any:
    """Turn a batch of samples into tensors.

    Args:
        samples: What `Dataset.__getitems__` gave, or a list of samples. Samples that a
            `sample_processor` made into something else go to PyTorch's `default_collate`.

    Returns:
        A dict with the samples' keys. Dense values: a tensor `(n, ...)`. Ragged rows: a tensor
        `(n, longest, ...)` padded with zeros, and their lengths, int64, under the key followed by
        `/lengths` (shape `(n,)`, or `(n, axes)` for rows of several axes). `csr`: a dense tensor
        `(n, n_cols)`, or a `torch.sparse_csr` one where sparse loading was asked for. Categories:
        their codes, int64. Times: int64 counts of their unit. Text and bytes: lists.
        Windows of `SliceDataset`: as their values, those of ragged rows and text as lists of lists.

    Raises:
        ArgumentTypeError: values of a dtype that torch lacks.
    """
    if not len(samples):
        msg = "collate: a batch needs at least one sample, found none"
        raise ArgumentTypeError(msg)
    if isinstance(samples, Batch):
        return _tensors(samples.columns)
    if isinstance(samples[0], Sample):
        return _collate_samples(samples)
    return default_collate(list(samples))


def _collate_samples(samples: Sequence[Any], *, collate_fn_map: Any = None) -> dict[str, Any]:
    """Collate samples one by one; this is what `default_collate` calls for them."""
    del collate_fn_map
    if isinstance(samples, Batch):
        return _tensors(samples.columns)
    collated: dict[str, Any] = {}
    for key in samples[0]:
        missing = next((at for at, sample in enumerate(samples) if key not in sample), None)
        if missing is not None:
            msg = f"{key}: sample {missing} of the batch lacks it; give all samples the same keys"
            raise ArgumentTypeError(msg)
        values = [sample[key] for sample in samples]
        cells = [sample.cells.get(key) if isinstance(sample, Sample) else None for sample in samples]
        column = None if cells[0] is None else column_of(values, _common(key, cells))
        if column is None:
            collated[key] = default_collate(values)
        else:
            collated |= _tensors({key: column})
    return collated


def _common(key: str, cells: Sequence[Cell | None]) -> Cell | None:
    """Return what the samples of a batch agree on, refusing what would be mixed up.

    Raises:
        ArgumentTypeError: the samples come from files with different categories, or numbers of columns.
    """
    first = cells[0]
    for cell in cells[1:]:
        if cell is None or first is None or (cell.kind, cell.bfloat16) != (first.kind, first.bfloat16):
            return None
        if first.names is not cell.names and not np.array_equal(_plain(first.names), _plain(cell.names)):
            msg = f"{key}: samples have different categories; register all files with one list categories="
            raise ArgumentTypeError(msg)
        if first.n_cols != cell.n_cols:
            msg = f"{key}: samples have {first.n_cols} and {cell.n_cols} columns; they make no one tensor"
            raise ArgumentTypeError(msg)
    return first


def _plain(names: Array | None) -> list[str]:
    return [] if names is None else names.tolist()


def column_of(values: Sequence[Any], cell: Cell | None) -> Column | None:
    """Join values of one key into a column, or return `None` if they are not what was read."""
    if cell is None:
        return None
    if cell.kind == "sparse" and all(isinstance(value, tuple) for value in values):
        sizes = [len(indices) for indices, _ in values]
        return SparseColumn(
            indptr=np.concatenate([[0], np.cumsum(sizes)]),
            indices=np.concatenate([indices for indices, _ in values]),
            data=np.concatenate([data for _, data in values]),
            n_cols=cell.n_cols,
            as_sparse=True,
        )
    if not all(isinstance(value, (np.ndarray, np.generic)) for value in values):
        return None
    if cell.kind == "ragged":
        return RaggedColumn(rows=tuple(values), bfloat16=cell.bfloat16)
    if cell.kind == "window":
        return _window_column(values, cell)
    if len({value.shape for value in values}) > 1 or len({_unit(value) for value in values}) > 1:
        return None
    stacked = np.stack([np.asarray(value) for value in values])
    if cell.kind == "category":
        return _category_column(stacked, cell)
    if cell.kind == "text":
        return TextColumn(texts=tuple(stacked.tolist())) if stacked.dtype.kind in "USO" else None
    return DenseColumn(values=stacked, bfloat16=cell.bfloat16 and stacked.dtype == np.float32)


def _unit(value: Any) -> str:
    """Return the unit of a time: counts of several units make no one tensor."""
    return value.dtype.str if value.dtype.kind in "mM" else ""


def _category_column(values: Array, cell: Cell) -> CategoryColumn | None:
    """Turn names back into codes, or return `None` if one is no name of this column."""
    if cell.names is None or values.dtype.kind != "U":
        return None
    order = np.argsort(cell.names)
    place = np.minimum(np.searchsorted(cell.names, values, sorter=order), len(order) - 1)
    codes = order[place]
    return CategoryColumn(codes=codes, names=cell.names) if (cell.names[codes] == values).all() else None


def _window_column(values: Sequence[Any], cell: Cell) -> Column | None:
    """Join windows: of one size into one array, of several sizes as ragged rows."""
    if cell.names is not None:
        windows = [_category_column(value, cell) for value in values]
        if any(window is None for window in windows):
            return None
        values = [window.codes for window in windows if window is not None]
    if any(value.dtype.kind in "OUS" for value in values):
        return TextColumn(texts=tuple(value.tolist() for value in values))
    if len({value.shape for value in values}) == 1:
        return DenseColumn(values=np.stack(values), bfloat16=cell.bfloat16)
    return RaggedColumn(rows=tuple(values), bfloat16=cell.bfloat16)


def _tensors(columns: Mapping[str, Column]) -> dict[str, Any]:
    tensors: dict[str, Any] = {}
    for key, column in columns.items():
        match column:
            case DenseColumn():
                tensors[key] = _dense(key, column)
            case SparseColumn(as_sparse=True):
                tensors[key] = _sparse(column)
            case SparseColumn():
                tensors[key] = _tensor(key, column.stack())
            case RaggedColumn() if {row.ndim for row in column.rows} == {0}:
                tensors[key] = _tensor(key, np.stack(column.rows))
            case RaggedColumn():
                tensors[key], tensors[f"{key}/{LENGTHS}"] = _padded(key, column)
            case TextColumn():
                tensors[key] = list(column.texts)
            case CategoryColumn():
                tensors[key] = torch.from_numpy(column.codes.astype(np.int64))
    return tensors


def _dense(key: str, column: DenseColumn) -> Any:
    if column.values.dtype.kind in "USO":
        return column.values.tolist()
    tensor = _tensor(key, column.values)
    return tensor.to(torch.bfloat16) if column.bfloat16 else tensor


def _tensor(key: str, values: Array) -> torch.Tensor:
    if values.dtype.kind in "mM":
        values = values.view(np.int64)
    try:
        return torch.from_numpy(np.ascontiguousarray(values))
    except TypeError as error:
        msg = f"{key}: torch has no dtype for {values.dtype}; register it with dtype_load='float64'"
        raise ArgumentTypeError(msg) from error


def _sparse(column: SparseColumn) -> torch.Tensor:
    """Make a sparse tensor; the indices of each row are sorted, as torch asks."""
    rows = np.repeat(np.arange(len(column)), np.diff(column.indptr))
    order = np.lexsort((column.indices, rows))
    return torch.sparse_csr_tensor(
        torch.from_numpy(column.indptr.astype(np.int64)),
        torch.from_numpy(column.indices[order].astype(np.int64)),
        torch.from_numpy(column.data[order]),
        size=(len(column), column.n_cols),
        check_invariants=False,
    )


def _padded(key: str, column: RaggedColumn) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad rows with zeros to the longest along every axis."""
    ranks = {row.ndim for row in column.rows}
    if len(ranks) != 1:
        msg = f"{key}: rows of ranks {sorted(ranks)} make no tensor; collate them yourself"
        raise ArgumentTypeError(msg)
    shapes = np.array([row.shape for row in column.rows], dtype=np.int64)
    padded = np.zeros((len(shapes), *shapes.max(axis=0)), dtype=column.rows[0].dtype)
    for position, row in enumerate(column.rows):
        corner: tuple[Any, ...] = (position, *map(slice, row.shape))
        padded[corner] = row
    tensor = _tensor(key, padded)
    lengths = torch.from_numpy(shapes[:, 0].copy() if shapes.shape[1] == 1 else shapes)
    return tensor.to(torch.bfloat16) if column.bfloat16 else tensor, lengths


default_collate_fn_map[Sample] = _collate_samples
