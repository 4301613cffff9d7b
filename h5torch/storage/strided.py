"""Uncompressed chunks read through a map of their file: NumPy gathers rows over the table of chunks."""

import math
from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np

from h5torch.rows import Array, Rows
from h5torch.storage.extents import Chunked, Extent
from h5torch.storage.grid import Column, Grid, c_strides


@attrs.frozen(kw_only=True, eq=False)
class Path:
    """How rows along one axis are found in the file; made once for an axis, however many rows are taken.

    Attributes:
        length: Rows of a chunk.
        run: Bytes of a row that lie together in a chunk.
        items: An item of `run` bytes for every byte of the file at which a run can begin.
        leads: Where the runs of one row begin, from the first on: of axis 0 there is one.
        row: Shape of a row of a chunk.
        whole: Whether that is a row of the array.
        tables: For each column of chunks, where its rows would begin if its first chunk reached on to
            each of its chunks, shape `(n_chunks,)`; and which of these chunks are not stored.
    """

    length: int
    run: int
    items: Array
    leads: Array
    row: tuple[int, ...]
    whole: bool
    tables: tuple[tuple[Array, Array | None, Column], ...]


class StridedSource:
    """An array in uncompressed chunks of a mapped file; no step costs Python time per row."""

    reader: ClassVar[str] = "map"

    def __init__(self, extent: Extent, where: Chunked, mapped: Array) -> None:
        """Read the array at `extent`.

        Args:
            extent: What the array is.
            where: Its chunks, which no filter went over and of which at least one is stored.
            mapped: All bytes of the file.
        """
        self.extent, self.shape, self.dtype = extent, extent.shape, extent.dtype
        self._mapped = mapped
        self._chunks, self._offsets = where.chunks, where.offsets
        self._grid = Grid(shape=extent.shape, chunks=where.chunks)
        self._strides = self._grid.strides
        self._values = c_strides(where.chunks)
        self._paths: dict[int, Path] = {}

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        path = self._paths.get(axis) or self._path(axis)
        chunk = rows // path.length
        within = rows * path.run
        blocks = [
            self._block(path, bases[chunk] + within, chunk, missing) for bases, missing, _ in path.tables
        ]
        if path.whole:
            return blocks[0]
        others = tuple(length for at, length in enumerate(self.shape) if at != axis)
        out: Array = np.empty((len(rows), *others), dtype=self.dtype)
        every = slice(None)
        for block, (_, _, column) in zip(blocks, path.tables, strict=True):
            out[(every, *column.inside)] = block[(every, *column.crop)]
        return out

    def _path(self, axis: int) -> Path:
        chunks, length = self._chunks, self._chunks[axis]
        run = self._values[axis] * self.dtype.itemsize
        n_chunks = self._grid.lengths[axis]
        tables = []
        for column in self._grid.columns(axis):
            offsets = self._offsets[column.first + np.arange(n_chunks) * self._strides[axis]]
            missing = offsets < 0
            bases = offsets - np.arange(n_chunks) * (length * run)
            tables.append((bases, missing if missing.any() else None, column))
        path = Path(
            length=length,
            run=run,
            items=self._items(run),
            leads=np.arange(math.prod(chunks[:axis])) * (run * length),
            row=(*chunks[:axis], *chunks[axis + 1 :]),
            whole=self._grid.is_whole(axis),
            tables=tuple(tables),
        )
        self._paths[axis] = path
        return path

    def _items(self, run: int) -> Array:
        return np.ndarray((self._mapped.size - run + 1,), f"V{run}", self._mapped, strides=(1,))

    def _block(self, path: Path, begins: Array, chunk: Array, missing: Array | None) -> Array:
        """Return rows that begin at these bytes, as they lie in their chunks."""
        absent = None if missing is None else missing[chunk]
        if absent is not None:
            begins[absent] = 0
        if len(path.leads) > 1:
            begins = (begins[:, np.newaxis] + path.leads).reshape(-1)
            if absent is not None:
                begins[np.repeat(absent, len(path.leads))] = 0
        block = path.items[begins].view(self.dtype).reshape(len(chunk), *path.row)
        if absent is not None:
            block[absent] = self.extent.fill
        return block

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        number = inner = np.zeros(len(index[0]), dtype=np.intp)
        for at, rows in enumerate(index):
            chunk, here = np.divmod(rows, self._chunks[at])
            number = number + chunk * self._strides[at]
            inner = inner + here * self._values[at]
        starts = self._offsets[number]
        missing = starts < 0
        begins = starts + inner * self.dtype.itemsize
        begins[missing] = 0
        values = self._items(self.dtype.itemsize)[begins].view(self.dtype)
        values[missing] = self.extent.fill
        return values

    def whole(self) -> Array:
        """Return the whole array."""
        out: Array = np.empty(self.shape, dtype=self.dtype)
        for column in self._grid.columns(0):
            for at, first in enumerate(range(0, self.shape[0], self._chunks[0])):
                part = out[(slice(first, first + self._chunks[0]), *column.inside)]
                chunk = self._view(column.first + at * self._strides[0], 0, len(part))
                part[...] = chunk[(slice(None), *column.crop)]
        return out

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return slices along axis 0: views where one chunk holds them."""
        if self._grid.is_whole(0):
            return [self._slice(start, stop) for start, stop in zip(starts, stops, strict=True)]
        return [self.take(np.arange(start, stop)) for start, stop in zip(starts, stops, strict=True)]

    def _slice(self, start: int, stop: int) -> Array:
        length = self._chunks[0]
        chunk, here = divmod(start, length)
        if here + stop - start <= length and start < stop:
            return self._view(chunk, here, here + stop - start)
        pieces = [np.empty((0, *self.shape[1:]), dtype=self.dtype)]
        while start < stop:
            chunk, here = divmod(start, length)
            count = min(stop - start, length - here)
            pieces.append(self._view(chunk, here, here + count))
            start += count
        return np.concatenate(pieces, dtype=self.dtype)  # else in the byte order of this machine

    def _view(self, number: int, start: int, stop: int) -> Array:
        """Return a view of rows `[start, stop)` of one chunk."""
        run = self._values[0]
        shape = (stop - start, *self._chunks[1:])
        offset = int(self._offsets[number])
        if offset < 0:
            return np.broadcast_to(self.extent.fill, shape)
        begin = offset + start * run * self.dtype.itemsize
        values = np.frombuffer(self._mapped, self.dtype, (stop - start) * run, begin)
        return values.reshape(shape) if len(shape) > 1 else values
