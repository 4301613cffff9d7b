"""Filter 32026, blosc2: one chunk in a contiguous frame, its elements in blocks of several axes perhaps."""

import itertools
import math
import re
import struct
from typing import TypeAlias

import attrs
import numpy as np

from h5torch.rows import Array
from h5torch.storage.filters.optional import fill
from h5torch.storage.filters.records import DamageError, Parameters

Shape: TypeAlias = tuple[int, ...]

# Magic, header size, frame size, kind of frame, decoded and stored size, element and chunk size.
HEADER = struct.Struct(">2x8sxixQ2xB3xqxqxi6xi")
CHUNK_HEADER = struct.Struct("<2xBxiii6B9xB")
# Filters that the library has within itself: none, shuffle, bitshuffle, delta, truncation, byte delta, and
# truncation of integers. Any other would have it look for a plugin, by starting a program.
INNER_FILTERS = frozenset({0, 1, 2, 3, 4, 35, 36})
MOST_AXES = 8


@attrs.frozen(kw_only=True)
class Grid:
    """A chunk of several axes whose elements lie block after block."""

    shape: Shape
    """Of the chunk, in elements."""
    block: Shape
    """No longer than the chunk, along any axis."""

    @property
    def counts(self) -> Shape:
        """How many blocks there are along each axis."""
        return tuple(-(-length // step) for length, step in zip(self.shape, self.block, strict=True))

    @property
    def padded(self) -> Shape:
        """Shape of the chunk with all blocks whole: less than twice as long along any axis."""
        return tuple(count * step for count, step in zip(self.counts, self.block, strict=True))


@attrs.frozen(kw_only=True)
class Frame:
    """Where the one chunk of a frame lies in its bytes."""

    start: int
    stop: int
    n_bytes: int
    """Bytes that the chunk decodes to, those that fill up its last blocks among them."""
    grid: Grid | None
    """How its elements lie, where that is not simply one after the other."""


def decode(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return `out` filled from the chunk of a frame.

    Blocks at the edge of a chunk are stored whole, so on the way there may be twice as much along an axis.

    Raises:
        DamageError: a frame that no HDF5 filter writes, or a chunk that does not decode.
    """
    frame = _parsed(data, out.size)
    offset = int(_chunk(data, frame.stop, np.empty(8, np.uint8)).view("<i8")[0])
    if offset < 0:  # the highest byte says that all bytes are alike, and how
        if offset >> 56 & 0x7F != 1:
            msg = "its chunk is marked as holding no data"
            raise DamageError(msg)
        out[:] = 0
        return out
    start = frame.start + offset
    if start > frame.stop:
        msg = f"its chunk begins at byte {start}, after the last at {frame.stop}"
        raise DamageError(msg)
    chunk = data[: frame.stop]
    if frame.grid is None or frame.grid.shape == frame.grid.block:
        return _chunk(chunk, start, out)
    return _unblocked(_chunk(chunk, start, np.empty(frame.n_bytes, np.uint8)), out, frame.grid)


def _parsed(data: Array, size: int) -> Frame:
    """Read the header of a frame; every number in it is checked before it is used."""
    if data.size < HEADER.size:
        msg = f"{data.size} bytes, too few for a frame"
        raise DamageError(msg)
    magic, header, length, kind, n_bytes, stored, itemsize, chunk = HEADER.unpack_from(data.data)
    inside = HEADER.size <= header and stored >= 0 and header + stored < length <= data.size
    if magic != b"b2frame\0" or kind & 0xF or not inside or itemsize < 1:
        msg = f"the header of its frame is not whole or does not fit {data.size} bytes"
        raise DamageError(msg)
    grid = _grid(data[:header].tobytes())
    if grid is not None and math.prod(grid.shape) * itemsize != size:
        msg = f"its chunk of shape {grid.shape} and elements of {itemsize} do not have {size} bytes"
        raise DamageError(msg)
    padded = size if grid is None else math.prod(grid.padded) * itemsize
    if not n_bytes == chunk == padded:
        msg = f"its frame holds {n_bytes} bytes in chunks of {chunk}, not {padded} bytes in one"
        raise DamageError(msg)
    return Frame(start=header, stop=header + stored, n_bytes=n_bytes, grid=grid)


def _grid(header: bytes) -> Grid | None:
    """Return how the chunk is cut into blocks, from the layer `b2nd` of the header; None where it is not."""
    entry = re.search(rb"\xa4b2nd\xd2(?P<at>.{4})", header, re.DOTALL)
    if entry is None:
        return None
    (at,) = struct.unpack(">i", entry["at"])
    ndim = header[at + 7] if 0 <= at < len(header) - 7 else 0
    # Version and rank, then three lists: lengths (i64), chunk and block (i32), every item after a mark.
    start = at + 5 + 3 + 1 + 9 * ndim
    if not 1 <= ndim <= MOST_AXES or len(header) < start + 2 * (1 + 5 * ndim):
        msg = f"its chunk has {ndim} axes, or their lengths are cut short"
        raise DamageError(msg)
    numbers: Shape = struct.unpack_from(f">x{'xi' * ndim}x{'xi' * ndim}", header, start)
    shape, block = numbers[:ndim], numbers[ndim:]
    if not all(1 <= step <= length for length, step in zip(shape, block, strict=True)):
        msg = f"blocks of shape {block} do not fit a chunk of shape {shape}"
        raise DamageError(msg)
    return Grid(shape=shape, block=block)


def _chunk(data: Array, start: int, out: Array) -> Array:
    """Fill `out` from the Blosc 2 chunk that begins at a byte of `data`."""
    import imagecodecs

    if data.size - start < CHUNK_HEADER.size:
        msg = f"no whole chunk at byte {start} of {data.size}"
        raise DamageError(msg)
    flags, n_bytes, _block, stored, *inner, extended = CHUNK_HEADER.unpack_from(data.data, start)
    plain = flags & 5 == 5 and flags >> 5 < 6 and not extended & 8 and INNER_FILTERS.issuperset(inner)
    if not plain or n_bytes != out.size or not CHUNK_HEADER.size <= stored <= data.size - start:
        msg = (
            f"the chunk at byte {start} declares {n_bytes} bytes in {stored}, where {out.size} in at most "
            f"{data.size - start} are due, or is of a kind that HDF5 filters do not write"
        )
        raise DamageError(msg)
    return fill(out, imagecodecs.blosc2_decode, data[start : start + stored], numthreads=1)


def _unblocked(data: Array, out: Array, grid: Grid) -> Array:
    """Put the elements of blocks, which lie one block after the other, into the order of the whole chunk."""
    ndim = len(grid.shape)
    order = tuple(itertools.chain.from_iterable((axis, ndim + axis) for axis in range(ndim)))
    blocks = data.reshape(*grid.counts, *grid.block, -1).transpose(*order, 2 * ndim)
    whole = blocks.reshape(*grid.padded, -1)
    out.reshape(*grid.shape, -1)[...] = whole[tuple(slice(length) for length in grid.shape)]
    return out
