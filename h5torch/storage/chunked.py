"""Chunks that must be decoded, or are read one by one: each once per batch, in several threads."""

import itertools
import math
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar, TypeAlias

import attrs
import numpy as np

from h5torch.buffers import empty
from h5torch.rows import Array, Rows
from h5torch.storage.decoding import decoder
from h5torch.storage.extents import Chunked, Extent
from h5torch.storage.filters import decode_into
from h5torch.storage.grid import Column, Grid, Group, groups_of_rows, groups_of_slices
from h5torch.storage.ports import Bytes

# Work is shared with other threads where it is so many decoded bytes, in chunks of at least so many: for
# less, handing it over and waiting for the interpreter's lock cost more than another core gains.
_SHARED_BYTES, _SHARED_LEAST = 1 << 20, 1 << 15
# Chunks of at least so many bytes are decoded ahead of a reader that goes straight through them, as many as
# make so many bytes together; of smaller ones each batch has enough for all threads.
_AHEAD_LEAST, _AHEAD_BYTES = 1 << 17, 1 << 22

_BYTE = np.dtype(np.uint8)
_sources = itertools.count()

Copies: TypeAlias = list[tuple[Any, Any]]
"""Index into a result, and index into a chunk, of values to be copied."""


@attrs.frozen(eq=False)
class Batch:
    """What is copied out of which chunks, by their number in the grid, into the result of one call.

    Its first axis is `axis` of the chunks.
    """

    out: Array
    copies: dict[int, Copies]
    axis: int = 0

    def copy(self, number: int, chunk: Array) -> None:
        """Copy what is wanted of one chunk."""
        turned = np.moveaxis(chunk, self.axis, 0) if self.axis else chunk
        for there, here in self.copies[number]:
            self.out[there] = turned[here]

    def fill(self, number: int, value: Array) -> None:
        """Fill in one value for all of a chunk."""
        for there, _ in self.copies[number]:
            self.out[there] = value


class ChunkSource:
    """An array in chunks, each fetched and decoded once for a batch, or found in the cache."""

    reader: ClassVar[str] = "chunks"

    def __init__(self, extent: Extent, where: Chunked, file: Bytes, *, what: str) -> None:
        """Read the array at `extent`.

        Args:
            extent: What the array is.
            where: Its chunks.
            file: The bytes of its file.
            what: Its name, for messages.
        """
        self.extent, self.shape, self.dtype = extent, extent.shape, extent.dtype
        self._where, self._file, self._what = where, file, what
        self._grid = Grid(shape=extent.shape, chunks=where.chunks)
        self._strides = self._grid.strides
        self._known: dict[int, tuple[Column, ...]] = {}
        self._n_bytes = math.prod(where.chunks) * extent.dtype.itemsize
        self._number = next(_sources)
        self._last = -1

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        others = tuple(length for at, length in enumerate(self.shape) if at != axis)
        out = empty((len(rows), *others), self.dtype)
        groups = groups_of_rows(rows, length=self._grid.chunks[axis])
        if not axis and groups:
            self._look_ahead(groups)
        self._fill(Batch(out, self._copies(groups, axis), axis))
        return out

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        out: Array = np.empty(len(index[0]), dtype=self.dtype)
        number = np.zeros(len(out), dtype=np.intp)
        here = []
        for rows, length, stride in zip(index, self._grid.chunks, self._strides, strict=True):
            chunk, within = np.divmod(rows, length)
            number += chunk * stride
            here.append(within)
        groups = groups_of_rows(number, length=1)
        copies: dict[int, Copies] = {
            number: [(there, tuple(at[there] for at in here))] for number, there, _ in groups
        }
        self._fill(Batch(out, copies))
        return out

    def whole(self) -> Array:
        """Return the whole array."""
        out: Array = np.empty(self.shape, dtype=self.dtype)
        groups = groups_of_slices([0], [self.shape[0]], length=self._grid.chunks[0])
        self._fill(Batch(out, self._copies(groups, 0)), keep=False)
        return out

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return slices along axis 0: views of one new array."""
        ends = list(itertools.accumulate(stop - start for start, stop in zip(starts, stops, strict=True)))
        out = empty((ends[-1] if ends else 0, *self.shape[1:]), self.dtype)
        groups = groups_of_slices(starts, stops, length=self._grid.chunks[0])
        if groups:
            self._look_ahead(groups)
        self._fill(Batch(out, self._copies(groups, 0)))
        return [out[first:end] for first, end in zip([0, *ends], ends, strict=False)]

    def _columns(self, axis: int) -> tuple[Column, ...]:
        if axis not in self._known:
            self._known[axis] = self._grid.columns(axis)
        return self._known[axis]

    def _copies(self, groups: Sequence[Group], axis: int) -> dict[int, Copies]:
        """Return what is to be copied out of each chunk, by its number in the grid."""
        copies: dict[int, Copies] = {}
        stride, whole = self._strides[axis], self._grid.is_whole(axis)
        for chunk, there, here in groups:
            for column in self._columns(axis):
                pair = (there, here) if whole else ((there, *column.inside), (here, *column.crop))
                copies.setdefault(chunk * stride + column.first, []).append(pair)
        return copies

    def _fill(self, batch: Batch, *, keep: bool = True) -> None:
        """Fill in the result of a batch from the cache, what is on its way, and the file.

        Raises:
            StorageError: bytes cannot be read or decoded.
        """
        process, source = decoder(), self._number

        def fetch(number: int) -> None:
            if self._where.offsets[number] < 0:
                batch.fill(number, self.extent.fill)
                return
            chunk = self._decode(number)
            batch.copy(number, chunk)
            if keep:
                process.keep((source, number), chunk)

        missing: deque[int] = deque()
        promised: list[tuple[int, Future[Array]]] = []
        found = process.find([(source, number) for number in batch.copies])
        for number, chunk in zip(batch.copies, found, strict=True):
            if chunk is None:
                missing.append(number)
            elif isinstance(chunk, Future):
                promised.append((number, chunk))
            else:
                batch.copy(number, chunk)
        shared = self._n_bytes >= _SHARED_LEAST and len(missing) * self._n_bytes >= _SHARED_BYTES
        helpers = process.n_threads - 1 if shared else 0
        process.share(missing, fetch, helpers=helpers)
        for number, promise in promised:
            batch.copy(number, promise.result())

    def _decode(self, number: int) -> Array:
        """Return one chunk.

        Raises:
            StorageError: its bytes cannot be read or decoded.
        """
        where = self._where
        raw = self._file.read(int(where.offsets[number]), int(where.sizes[number]))
        if where.pipeline is not None:
            what = f"{self._what}, chunk {number}"
            found = empty((where.pipeline.n_bytes,), _BYTE)
            decode_into(where.pipeline, raw, int(where.masks[number]), found, what=what)
            raw = found
        return np.ndarray(where.chunks, self.dtype, raw)

    def _look_ahead(self, groups: Sequence[Group]) -> None:
        """Have the next chunks decoded where rows are asked for one after the other."""
        first, last = groups[0].chunk, groups[-1].chunk
        straight = self._last <= first <= self._last + 1
        self._last = last
        row_bytes = self._n_bytes * len(self._columns(0))
        # What is decoded ahead must not drop what is read now from the cache.
        room = min(_AHEAD_BYTES, decoder().cache_bytes // 2)
        if not straight or not _AHEAD_LEAST <= row_bytes <= room:
            return
        stop = min(last + 1 + room // row_bytes, self._grid.lengths[0])
        for chunk in range(last + 1, stop):
            for column in self._columns(0):
                number = chunk * self._strides[0] + column.first
                if self._where.offsets[number] >= 0:
                    decoder().expect((self._number, number), partial(self._decode, number))
