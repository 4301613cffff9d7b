"""Batches to tensors: for whole batches of columns, and for lists of samples."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
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
from h5torch.parcels import batch_of
from h5torch.rows import Array
from h5torch.settling import Settling
from h5torch.tensors import tensors_of


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
    if isinstance(samples, Finished | TensorBatch):
        return samples.tensors
    if isinstance(samples, Batch):
        return batch_of(samples.columns)
    if isinstance(samples[0], Sample):
        return _collate_samples(samples)
    return default_collate(list(samples))


class TensorBatch(Batch):
    """A batch whose columns are tensors already; its samples are views of them."""

    def __init__(
        self, tensors: dict[str, Any], columns_of: Callable[[Mapping[str, Any]], Mapping[str, Column]]
    ) -> None:
        """Hold tensors, and what shows them as columns."""
        self.tensors = tensors
        self._columns_of = columns_of
        self._shown: Mapping[str, Column] | None = None
        self._cells = None

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by key."""
        if self._shown is None:
            self._shown = self._columns_of(self.tensors)
        return self._shown

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """Return one sample, or a list of them; `default_collate` asks for one and looks at its type."""
        return LaterSample(self) if index == 0 else super().__getitem__(index)


class LaterSample(Settling, Sample):
    """The first sample of a batch, looked up when somebody asks for more than its type."""

    def __init__(self, batch: Batch) -> None:
        """Hold the batch."""
        self._batch: Batch | None = batch
        self._cells = None
        self._is_complete = False

    def settle(self) -> None:
        """Look the sample up."""
        if not self._is_complete and self._batch is not None:
            self._is_complete = True
            dict.update(self, {key: column.row(0) for key, column in self._batch.columns.items()})


class Finished(Sequence[Any]):
    """Tensors of a whole batch where `DataLoader` expects its samples: collating gives them back."""

    def __init__(self, tensors: Any, length: int) -> None:
        """Hold what was made of `length` samples."""
        self.tensors = tensors
        self._length = length

    def __len__(self) -> int:
        """Return the number of samples."""
        return self._length

    def __getitem__(self, index: Any) -> "Finished":
        """Return the batch itself: it has no samples any more."""
        if isinstance(index, int) and not -self._length <= index < self._length:
            msg = f"sample {index} of a batch of {self._length}"
            raise IndexError(msg)
        return self


def _give_back(batch: Any, *, collate_fn_map: Any = None) -> Any:
    del collate_fn_map
    return batch.tensors


def _collate_samples(samples: Sequence[Any], *, collate_fn_map: Any = None) -> dict[str, Any]:
    """Collate samples one by one; this is what `default_collate` calls for them."""
    del collate_fn_map
    if isinstance(samples, TensorBatch):
        return samples.tensors
    if isinstance(samples, Batch):
        return batch_of(samples.columns)
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
            collated |= tensors_of({key: column})
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
        return RaggedColumn(rows=tuple(values), bfloat16=cell.bfloat16, form=cell.form)
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


default_collate_fn_map[Sample] = _collate_samples
default_collate_fn_map[Finished] = _give_back
default_collate_fn_map[LaterSample] = _collate_samples
