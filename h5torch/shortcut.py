"""The shortest way to tensors: for columns that NumPy reads from a map, or from memory, in one call.

A batch of 256 rows is copied in some forty microseconds, and every step that Python takes beside that
costs another. So where all columns of a dataset are numbers that lie open and are loaded as they are
stored, nothing stands between the positions and NumPy, which itself refuses what lies outside.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from torch import from_numpy

from h5torch.batch import CategoryColumn, Column, DenseColumn, PaddedColumn
from h5torch.buffers import empty
from h5torch.errors import FormatError
from h5torch.layouts import CooLayout, DenseLayout, Layout, RaggedLayout
from h5torch.layouts.bounds import row_bounds
from h5torch.layouts.dense import check_codes
from h5torch.rows import Array, Rows, outside
from h5torch.storage.mapped import MapSource
from h5torch.storage.ports import Source
from h5torch.tensors import LENGTHS

Tensors: TypeAlias = dict[str, Any]
Put: TypeAlias = Callable[[Rows, Tensors], None]
"""Puts the tensors of one column into a batch; raises IndexError where a row may be out of range."""
Sources: TypeAlias = Mapping[str, Source]
_LARGE_BYTES = 4 << 20
"""Batches of one array from here on are written into memory that is used again: below, one block after
the other, the allocator does well, and finding such memory costs as much as it spares."""
_KNOWN = frozenset("?bhilqBHILQefdFD")
"""Numbers, as NumPy abbreviates them, that torch has tensors of."""


def row_putter(key: str, layout: Layout, sources: Sources) -> Put | None:
    """Return the shortcut for rows of axis 0 of one column, or `None` where there is none."""
    match layout:
        case DenseLayout(names=None) if (array := _plain(sources[""], layout)) is not None:
            return _dense(key, array)
        case DenseLayout(names=names) if names is not None and isinstance(sources[""], MapSource):
            return partial(_put_codes, key, sources[""].array, names)
        case RaggedLayout(row_rank=1):
            return _ragged(key, layout, sources["offsets"], sources["values"])
        case _:
            return None


def _plain(source: Source, layout: Layout) -> Array | None:
    """Return the very numbers that samples show, where a source has them and NumPy can take them."""
    if not isinstance(source, MapSource):
        return None
    array, value = source.array, layout.value
    known = array.dtype.char in _KNOWN and array.dtype.isnative and array.flags.aligned
    same = value.kind == "number" and array.dtype == value.load and not value.bfloat16
    return array if known and same else None


def _dense(key: str, array: Array) -> Put:
    take, n_rows = array.take, len(array)
    row_shape, dtype = array.shape[1:], array.dtype
    many = _LARGE_BYTES // max(1, array[:1].nbytes)

    def put(rows: Rows, tensors: Tensors) -> None:
        if len(rows) < many:
            tensors[key] = from_numpy(take(rows, 0))
            return
        if outside(rows, n_rows):
            raise IndexError
        found = empty((len(rows), *row_shape), dtype)
        take(rows, 0, found, "clip")
        tensors[key] = from_numpy(found)

    return put


def _put_codes(key: str, codes: Array, names: Array, rows: Rows, tensors: Tensors) -> None:
    found = codes.take(rows, 0)
    check_codes(found, names, what=key)
    tensors[key] = from_numpy(found.astype(np.int64))


def _ragged(key: str, layout: RaggedLayout, offsets: Source, values: Source) -> Put | None:
    if not isinstance(offsets, MapSource) or not isinstance(values, MapSource):
        return None
    if _plain(values, layout) is None:
        return None
    padded, n_rows, what, lengths_key = values.padded, layout.n_rows, f"{key}/offsets", f"{key}/{LENGTHS}"

    def put(rows: Rows, tensors: Tensors) -> None:
        if outside(rows, n_rows):
            raise IndexError
        starts, _, lengths = row_bounds(offsets, layout, rows, what=what)
        sizes = lengths.tolist()
        tensors[key] = from_numpy(padded(starts.tolist(), sizes, max(sizes)))
        tensors[lengths_key] = from_numpy(lengths)

    return put


def by_row(puts: Sequence[Put], rows: Rows) -> Tensors:
    """Make tensors of rows; raises IndexError where one may be out of range."""
    tensors: Tensors = {}
    for put in puts:
        put(rows, tensors)
    return tensors


def cell_reader(
    key: str, layout: Layout, sources: Sources, aligned: Sequence[tuple[int, Put]], *, shown: bool
) -> Callable[[Rows], Tensors] | None:
    """Return the shortcut for nonzeros of a `coo` object and what is aligned to its axes, if there is one.

    Args:
        key: The object.
        layout: Its layout.
        sources: Its arrays.
        aligned: The axis and the shortcut of each aligned column.
        shown: Whether the nonzeros themselves are among the columns.
    """
    if not isinstance(layout, CooLayout):
        return None
    indices, data = sources["indices"], _plain(sources["data"], layout)
    if data is None or not isinstance(indices, MapSource) or not indices.array.flags.aligned:
        return None
    unsigned = np.dtype(f"u{indices.dtype.itemsize}")
    if max(layout.shape) > np.iinfo(unsigned).max // 2 or not indices.dtype.isnative:
        return None
    n_stored, shape = layout.n_stored, layout.shape  # an append that was cut short may have left more
    axes, take = [axis[:n_stored].take for axis in indices.array], data[:n_stored].take

    def read(positions: Rows) -> Tensors:
        tensors: Tensors = {key: from_numpy(take(positions))} if shown else {}
        index = [axis(positions) for axis in axes]
        for found, length in zip(index, shape, strict=True):
            if np.maximum.reduce(found.view(unsigned)) >= length:  # a negative one is the largest
                msg = f"/{key}/indices: found {found.min()} to {found.max()} on an axis of length {length}"
                raise FormatError(msg)
        for axis, put in aligned:
            put(index[axis], tensors)
        return tensors

    return read


def columns_of(layouts: Mapping[str, Layout], tensors: Mapping[str, Any]) -> dict[str, Column]:
    """Show tensors that a shortcut made as the columns that they are; nothing is copied."""
    columns: dict[str, Column] = {}
    for key, layout in layouts.items():
        values = tensors[key].numpy()
        match layout:
            case RaggedLayout():
                lengths = tensors[f"{key}/{LENGTHS}"].numpy()
                columns[key] = PaddedColumn(values=values, shapes=lengths[:, None])
            case DenseLayout(names=names) if names is not None:
                columns[key] = CategoryColumn(codes=values, names=names)
            case _:
                columns[key] = DenseColumn(values=values)
    return columns
