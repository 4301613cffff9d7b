"""Rows that lie apart, in HDF5's heap or in datasets of their own, put behind one another."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import h5py
import numpy as np
from h5py import h5d, h5t

from h5torch.errors import StorageError
from h5torch.repacking.bits import BLOCK_BYTES, create, failures_of, read_block, write_block
from h5torch.repacking.blocks import blocks_of_array
from h5torch.repacking.records import Packing, RaggedPlan
from h5torch.rows import Array

# Rows whose size is not known are read few at first.
_FEW_ROWS = 16


def vlen_blocks(dataset: h5py.Dataset, n_rows: int) -> Iterator[Array]:
    """Read rows of variable length, as many at a time as are likely to make a block."""
    done, n_bytes, count = 0, 0, _FEW_ROWS
    while done < n_rows:
        block = dataset[done : min(n_rows, done + count)]
        done += len(block)
        n_bytes += sum(row.nbytes for row in block)
        likely = BLOCK_BYTES * done // max(1, n_bytes + 32 * done)  # 32: what an array of NumPy takes
        count = max(1, min(2 * count, likely))
        yield block


@attrs.define
class _Ragged:
    """A `ragged` object being written; values are gathered until they make a block."""

    values: Any
    kind: Any
    offsets: Any
    shapes: Any
    done: Callable[[int], object]
    n_rows: int = 0
    n_values: int = 0
    pieces: list[Array] = attrs.field(factory=list)
    lengths: list[tuple[int, ...]] = attrs.field(factory=list)
    n_pending: int = 0
    size_pending: int = 0

    def add(self, shape: tuple[int, ...], pieces: Iterator[Array]) -> None:
        """Take in one row, in pieces that follow each other."""
        for piece in pieces:
            self.pieces.append(piece.reshape(-1))
            self.n_pending += piece.nbytes
            if self.n_pending >= BLOCK_BYTES:
                self._flush_values()
        self.lengths.append(shape)
        if len(self.lengths) * 8 * len(shape) >= BLOCK_BYTES >> 6:
            self.flush()

    def flush(self) -> None:
        """Write what has come in."""
        self._flush_values()
        if not self.lengths:
            return
        first, last = self.n_rows, self.n_rows + len(self.lengths)
        shapes = np.array(self.lengths, dtype=np.int64)
        ends = self.size_pending + np.cumsum(shapes.prod(axis=1))
        int64 = h5t.py_create(np.dtype(np.int64))
        write_block(self.offsets, ((first + 1, last + 1),), ends, int64)
        if self.shapes is not None:
            write_block(self.shapes, ((first, last), (0, shapes.shape[1])), shapes, int64)
        self.n_rows, self.size_pending = last, int(ends[-1])
        self.lengths = []

    def _flush_values(self) -> None:
        if self.n_pending:
            flat = np.concatenate(self.pieces)
            write_block(self.values, ((self.n_values, self.n_values + len(flat)),), flat, self.kind)
            self.n_values += len(flat)
            self.done(flat.nbytes)
        self.pieces, self.n_pending = [], 0


def write_ragged(
    source: Any,
    target: h5py.Group,
    path: str,
    plan: RaggedPlan,
    packing: Packing,
    done: Callable[[int], object],
) -> None:
    """Write a `vlen` or `separate` object as the arrays of a `ragged` one.

    Raises:
        StorageError: its rows are not what they were a moment ago, or HDF5 fails.
    """
    kind = _kind(source)
    int64 = h5t.py_create(np.dtype(np.int64))
    with failures_of(path, "write"):
        shapes = None
        if plan.rank > 1:
            shapes = create(target, f"{path}/shapes", int64, plan.shapes, packing)
        ragged = _Ragged(
            values=create(target, f"{path}/values", kind, plan.values, packing),
            kind=kind,
            offsets=create(target, f"{path}/offsets", int64, plan.offsets, packing),
            shapes=shapes,
            done=done,
        )
        rows = (
            _vlen(source, plan, path) if isinstance(source, h5py.Dataset) else _separate(source, plan, path)
        )
        for shape, pieces in rows:
            ragged.add(shape, pieces)
        ragged.flush()
    if ragged.n_values != plan.values.shape[0]:
        msg = f"/{path}: holds {ragged.n_values} values, not {plan.values.shape[0]} as a moment ago"
        raise StorageError(msg)


def _kind(source: Any) -> Any:
    if isinstance(source, h5py.Dataset):
        return source.id.get_type().get_super().copy()
    return h5d.open(source.id, b"0").get_type().copy()


_Row = tuple[tuple[int, ...], Iterator[Array]]


def _vlen(source: h5py.Dataset, plan: RaggedPlan, path: str) -> Iterator[_Row]:
    with failures_of(path, "read"):
        for block in vlen_blocks(source, plan.layout.filled_to):
            for row in block:
                yield row.shape, iter([row])


def _separate(source: h5py.Group, plan: RaggedPlan, path: str) -> Iterator[_Row]:
    for number in range(plan.layout.filled_to):
        with failures_of(f"{path}/{number}", "read"):
            row = h5d.open(source.id, str(number).encode())
            yield row.shape, _pieces(row, f"{path}/{number}")


def _pieces(row: Any, path: str) -> Iterator[Array]:
    """Read one row in blocks that follow each other in C order."""
    kind, shape = row.get_type(), row.shape
    if math.prod(shape) == 0:
        return
    unit = (1,) * len(shape)
    for block in blocks_of_array(shape, unit, itemsize=kind.get_size(), axis=0, limit=BLOCK_BYTES):
        with failures_of(path, "read"):
            values = read_block(row, block, kind)
        yield values
