"""Where the bytes of a stored array lie, checked against its file before a byte is touched."""

import math
from typing import Any, TypeAlias

import attrs
import numpy as np

from h5torch.errors import FormatError
from h5torch.rows import Array, read_only
from h5torch.storage.filters import Pipeline

# No superblock of HDF5 is shorter, and no values lie within it.
SUPERBLOCK_BYTES = 48
# Tables of chunks up to this length are made however few of the chunks are stored.
_SMALL_TABLE = 1 << 20
_REMEDY = "the file is damaged or was cut short; take a good copy of it"


@attrs.frozen(kw_only=True)
class Contiguous:
    """All values lie one after the other, in C order, from `offset` of the file on."""

    offset: int


@attrs.frozen(kw_only=True)
class Nothing:
    """No value was ever stored: each is the fill value."""


@attrs.frozen(kw_only=True)
class Chunked:
    """Values lie in chunks of one shape; chunks at the edge of the array are stored whole.

    Attributes:
        chunks: Shape of a chunk, one length an axis.
        offsets: Where each chunk of the grid begins in the file, in C order; -1 where it is not stored
            and holds the fill value. Shape `(n_chunks,)`.
        sizes: Bytes of each chunk as stored. Shape `(n_chunks,)`.
        masks: Which filters each chunk was stored without: bit `i` stands for filter `i`.
        pipeline: The filters that values went through, or `None`: chunks hold the values themselves.
    """

    chunks: tuple[int, ...]
    offsets: Array = attrs.field(converter=read_only, eq=attrs.cmp_using(np.array_equal), repr=False)
    sizes: Array = attrs.field(converter=read_only, eq=attrs.cmp_using(np.array_equal), repr=False)
    masks: Array = attrs.field(converter=read_only, eq=attrs.cmp_using(np.array_equal), repr=False)
    pipeline: Pipeline | None

    @property
    def n_stored(self) -> int:
        """Number of chunks that are stored."""
        return int(np.count_nonzero(self.offsets >= 0))


@attrs.frozen(kw_only=True)
class Part:
    """Rows `[start, stop)` of an array, which lie in another dataset or in a file that is no HDF5 file.

    Attributes:
        start: First row of the array that lies here.
        stop: The row after the last.
        file: Path of the file that holds them.
        dataset: Path of the dataset in that file, or `None`: the file holds bare values.
        first: Row of that dataset where they begin.
        whole: Whether they are said to be all rows of that dataset, however many it has.
        offset: Byte of that file where they begin, if it holds bare values.
    """

    start: int
    stop: int
    file: str
    dataset: str | None = None
    first: int = 0
    whole: bool = False
    offset: int = 0


@attrs.frozen(kw_only=True)
class Parts:
    """Rows of axis 0 lie in other datasets or files: ascending, without a gap, each row in one part."""

    parts: tuple[Part, ...]


@attrs.frozen(kw_only=True)
class Opaque:
    """HDF5 alone can read it, for this reason."""

    reason: str


Where: TypeAlias = Contiguous | Nothing | Chunked | Parts | Opaque


@attrs.frozen(kw_only=True)
class Extent:
    """One stored array: what it is and where it lies.

    Attributes:
        shape: Shape of the array.
        dtype: Dtype of its values as stored, in the byte order of the file.
        fill: The value of what was never stored, shape `()`.
        where: Where its bytes lie.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Array = attrs.field(converter=read_only, eq=attrs.cmp_using(np.array_equal))
    where: Where

    @property
    def n_bytes(self) -> int:
        """Bytes of all values, whatever their number."""
        return math.prod(self.shape) * self.dtype.itemsize


def contiguous(*, offset: int, stored: int, n_bytes: int, size: int, what: str) -> Contiguous:
    """Return where a contiguous array lies.

    Args:
        offset: Where the file says that it begins.
        stored: How many bytes the file says that it takes.
        n_bytes: How many bytes its shape and dtype take.
        size: Length of the file.
        what: Name of the array.

    Raises:
        FormatError: the two lengths differ, or the bytes lie outside the file.
    """
    if stored != n_bytes:
        msg = f"{what}: {stored} bytes are stored and its shape takes {n_bytes}; {_REMEDY}"
        raise FormatError(msg)
    if offset < SUPERBLOCK_BYTES or offset > size - stored:
        msg = (
            f"{what}: its values are said to lie at bytes {offset} to {offset + stored} of a file of {size}; "
            f"{_REMEDY}"
        )
        raise FormatError(msg)
    return Contiguous(offset=offset)


@attrs.frozen(kw_only=True)
class ChunkList:
    """The chunks that a file says it stores, in any order; whatever numbers a file can hold.

    Attributes:
        starts: Index of the first value of each chunk, shape `(n, rank)`.
        offsets: Where each begins in the file, shape `(n,)`.
        sizes: How many bytes each takes there, shape `(n,)`.
        masks: Filters that were left out, shape `(n,)`.
    """

    starts: Array
    offsets: Array
    sizes: Array
    masks: Array


def chunked(
    listed: ChunkList,
    *,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    itemsize: int,
    pipeline: Pipeline | None,
    size: int,
    what: str,
) -> Chunked | Nothing | Opaque:
    """Return where the chunks of an array lie.

    Args:
        listed: The chunks that the file says it stores.
        shape: Shape of the array; no axis is empty.
        chunks: Shape of a chunk, no axis empty.
        itemsize: Bytes of one value.
        pipeline: The filters of the array, if it has any.
        size: Length of the file.
        what: Name of the array.

    Raises:
        FormatError: a chunk lies outside the array, off its grid or outside the file, twice or over
            another, or takes another number of bytes than its values.
    """
    if not len(listed.offsets):
        return Nothing()
    _check_grid(listed.starts, shape, chunks, what)
    _check_bytes(listed, size, what)
    chunk_bytes = math.prod(chunks) * itemsize
    if pipeline is None:
        _check_sizes(listed, chunk_bytes, what)
    elif _bare_edges(listed, shape, chunks, chunk_bytes):
        return Opaque(reason="chunks at its edge may be stored without filters, which HDF5 alone can tell")
    grid = tuple(-(-length // chunk) for length, chunk in zip(shape, chunks, strict=True))
    n_chunks = math.prod(grid)
    if n_chunks > max(_SMALL_TABLE, 8 * len(listed.offsets)):
        return Opaque(reason=f"only {len(listed.offsets)} of its {n_chunks} chunks are stored")
    numbers = _numbers(listed.starts, chunks, grid, what)
    return Chunked(
        chunks=chunks,
        offsets=_scattered(numbers, listed.offsets, n_chunks, missing=-1),
        sizes=_scattered(numbers, listed.sizes, n_chunks, missing=0),
        masks=_scattered(numbers, listed.masks, n_chunks, missing=0),
        pipeline=pipeline,
    )


def _numbers(starts: Array, chunks: tuple[int, ...], grid: tuple[int, ...], what: str) -> Array:
    """Return the numbers of chunks in their grid, in C order."""
    places = (starts // np.array(chunks, dtype=np.uint64)).astype(np.intp)
    numbers: Array = np.ravel_multi_index(tuple(places.T), grid)
    if len(np.unique(numbers)) != len(numbers):
        msg = f"{what}: two of its chunks have the same place in the array; {_REMEDY}"
        raise FormatError(msg)
    return numbers


def _scattered(numbers: Array, values: Array, length: int, *, missing: int) -> Array:
    table = np.full(length, missing, dtype=np.int64)
    table[numbers] = values.astype(np.int64)
    return table


def _check_grid(starts: Array, shape: tuple[int, ...], chunks: tuple[int, ...], what: str) -> None:
    lengths = np.array(shape, dtype=np.uint64)
    wrong = ((starts >= lengths) | (starts % np.array(chunks, dtype=np.uint64) != 0)).any(axis=1)
    if wrong.any():
        start = tuple(starts[np.argmax(wrong)].tolist())
        msg = f"{what}: a chunk begins at {start}; the array is {shape} in chunks of {chunks}; {_REMEDY}"
        raise FormatError(msg)


def _check_bytes(listed: ChunkList, size: int, what: str) -> None:
    offsets, sizes = listed.offsets, listed.sizes
    # The difference wraps where a chunk is larger than the file, which is wrong already.
    wrong = (offsets < SUPERBLOCK_BYTES) | (sizes > size) | (offsets > np.uint64(size) - sizes) | (sizes == 0)
    if wrong.any():
        at = int(np.argmax(wrong))
        start, begin = tuple(listed.starts[at].tolist()), int(offsets[at])
        msg = (
            f"{what}: its chunk at {start} is said to lie at bytes {begin} to {begin + int(sizes[at])} of a "
            f"file of {size}; {_REMEDY}"
        )
        raise FormatError(msg)
    order = np.argsort(offsets)
    over = offsets[order][1:] < (offsets + sizes)[order][:-1]
    if over.any():
        at = int(np.argmax(over))
        first, second = (tuple(listed.starts[order[i]].tolist()) for i in (at, at + 1))
        msg = f"{what}: its chunks at {first} and {second} lie over each other in the file; {_REMEDY}"
        raise FormatError(msg)


def _check_sizes(listed: ChunkList, chunk_bytes: int, what: str) -> None:
    wrong = listed.sizes != chunk_bytes
    if wrong.any():
        at = int(np.argmax(wrong))
        start = tuple(listed.starts[at].tolist())
        msg = (
            f"{what}: its chunk at {start} takes {listed.sizes[at]} bytes in the file and {chunk_bytes} in "
            f"the array; {_REMEDY}"
        )
        raise FormatError(msg)


def _bare_edges(listed: ChunkList, shape: tuple[int, ...], chunks: tuple[int, ...], chunk_bytes: int) -> bool:
    """Whether chunks that reach over the edge are as long as their values.

    A file may say that such chunks skip all filters, where h5py cannot see it.
    """
    ends = listed.starts + np.array(chunks, dtype=np.uint64)
    edge = (ends > np.array(shape, dtype=np.uint64)).any(axis=1)
    return bool((edge & (listed.sizes == chunk_bytes) & (listed.masks == 0)).any())
