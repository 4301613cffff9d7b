"""Contiguous arrays read piece by piece, with positioned reads, straight into their place."""

import itertools
import math
from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np

from h5torch.rows import Array, Rows
from h5torch.storage.bytes import PreadBytes
from h5torch.storage.extents import Extent

# A read costs about as much time as copying so many bytes that nobody asked for.
_GAP_BYTES = 1 << 14
# What is read for several rows at a time is cut at multiples of so many bytes.
_PIECE_BYTES = 1 << 23


@attrs.frozen(kw_only=True)
class Piece:
    """Rows to be read at once.

    Attributes:
        first: The first of them.
        count: How many, those included that nobody wants.
        start: Where the wanted ones begin among the wanted rows in ascending order.
        stop: Where they end.
        straight: Whether each is wanted, once, and in this order.
    """

    first: int
    count: int
    start: int
    stop: int
    straight: bool


def pieces_of(ordered: Rows, order: Rows, *, gap: int, most: int) -> list[Piece]:
    """Decide which rows to read at once.

    Args:
        ordered: The rows wanted, ascending, shape `(n,)`.
        order: Where each of them goes, shape `(n,)`.
        gap: Unwanted rows that may be read so that two pieces become one.
        most: No piece reaches over a multiple of so many rows.
    """
    if not len(ordered):
        return []
    step = np.diff(ordered)
    cuts = np.flatnonzero((step > gap + 1) | (np.diff(ordered // most) > 0)) + 1
    firsts = np.concatenate([[0], cuts])
    lasts = np.concatenate([cuts, [len(ordered)]]) - 1
    # How often, up to each row, the next row of the array was also the next one wanted.
    steps = np.concatenate([[0], np.cumsum((step == 1) & (np.diff(order) == 1))])
    straight = steps[lasts] - steps[firsts] == lasts - firsts
    facts = zip(
        ordered[firsts].tolist(),
        (ordered[lasts] - ordered[firsts] + 1).tolist(),
        firsts.tolist(),
        (lasts + 1).tolist(),
        straight.tolist(),
        strict=True,
    )
    return [
        Piece(first=first, count=count, start=start, stop=stop, straight=even)
        for first, count, start, stop, even in facts
    ]


class PreadSource:
    """An array that lies in one run of a file, read with `pread`."""

    reader: ClassVar[str] = "pread"

    def __init__(self, extent: Extent, offset: int, file: PreadBytes) -> None:
        """Read the array at `extent`, whose values begin at `offset` of `file`."""
        self.extent, self.shape, self.dtype = extent, extent.shape, extent.dtype
        self._offset, self._file = offset, file

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        before, after = self.shape[:axis], self.shape[axis + 1 :]
        wanted = rows
        if axis:  # a row lies in as many runs as there are places before it
            places = np.arange(math.prod(before)) * self.shape[axis]
            wanted = (rows[:, np.newaxis] + places).reshape(-1)
        found = self._read(wanted, math.prod(after) * self.dtype.itemsize)
        return found.view(self.dtype).reshape(len(rows), *before, *after)

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        flat = np.ravel_multi_index(index, self.shape).astype(np.intp, copy=False)
        return self._read(flat, self.dtype.itemsize).view(self.dtype)

    def whole(self) -> Array:
        """Return the whole array."""
        out: Array = np.empty(self.shape, dtype=self.dtype)
        self._file.read_into(self._offset, out.reshape(-1).view(np.uint8))
        return out

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return slices along axis 0: views of one new array, those read together that follow each other."""
        lengths = [stop - start for start, stop in zip(starts, stops, strict=True)]
        ends = [0, *itertools.accumulate(lengths)]
        out: Array = np.empty((ends[-1], *self.shape[1:]), dtype=self.dtype)
        width = math.prod(self.shape[1:]) * self.dtype.itemsize
        raw = out.reshape(-1).view(np.uint8)
        at = 0
        while at < len(lengths):
            begin = at
            at += 1
            while at < len(lengths) and starts[at] == stops[at - 1]:
                at += 1
            if ends[at] > ends[begin]:
                offset = self._offset + starts[begin] * width
                self._file.read_into(offset, raw[ends[begin] * width : ends[at] * width])
        return [out[first:end] for first, end in itertools.pairwise(ends)]

    def _read(self, rows: Rows, width: int) -> Array:
        """Return the bytes of rows of `width` bytes, counted from the start of the array, in the order asked.

        Raises:
            StorageError: the file has become shorter, or the disk fails.
        """
        out: Array = np.empty((len(rows), width), dtype=np.uint8)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        gap, most = _GAP_BYTES // width, max(1, _PIECE_BYTES // width)
        for piece in pieces_of(ordered, order, gap=gap, most=most):
            offset = self._offset + piece.first * width
            there = order[piece.start : piece.stop]
            if piece.straight:
                self._file.read_into(offset, out[there[0] : there[0] + piece.count])
            else:
                found = self._file.read(offset, piece.count * width).reshape(-1, width)
                out[there] = found[ordered[piece.start : piece.stop] - piece.first]
        return out.reshape(-1)
