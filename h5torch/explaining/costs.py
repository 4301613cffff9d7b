"""What a batch costs, from where the bytes of an array lie and how they are read. Pure."""

import math

import attrs

from h5torch.explaining.drawing import Draw, Touch, bridged, touch
from h5torch.storage.extents import Chunked, Contiguous, Extent

PAGE_BYTES = 4096
"""Of a file, what the operating system reads at least."""
GAP_BYTES = {"pread": 1 << 14, "h5py": 1 << 16}
"""Bytes that nobody asked for and that are read so that two runs become one."""
CHUNK_GAP_BYTES = 1 << 20
"""Wanted rows of chunks beyond this size are read through h5py together, whatever lies between them."""
ROW_BYTES = 1 << 20
"""Elements are read through h5py by whole rows up to this size."""


@attrs.frozen(kw_only=True)
class Stored:
    """How an array is stored, as far as its costs go.

    Attributes:
        shape: Shape of the array.
        itemsize: Bytes of a value.
        chunks: Shape of a chunk, or `None` where all values lie in one run.
        n_bytes: Bytes that are stored.
        n_stored: Chunks that are stored; the others hold the fill value.
        compressed: Whether chunks have to be decoded.
        offset: Where the first byte lies in the file.
        hdf5_cache: Bytes of decoded chunks that HDF5 keeps of it; it keeps no larger chunk.
    """

    shape: tuple[int, ...]
    itemsize: int
    chunks: tuple[int, ...] | None = None
    n_bytes: int = 0
    n_stored: int = 0
    compressed: bool = False
    offset: int = 0
    hdf5_cache: int = 1 << 20

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return tuple(-(-n // chunk) for n, chunk in zip(self.shape, self.chunks or self.shape, strict=True))

    @property
    def n_chunks(self) -> int:
        """Number of chunks, stored or not."""
        return math.prod(self.grid)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk, decoded."""
        return math.prod(self.chunks or ()) * self.itemsize

    def row_bytes(self, axis: int) -> float:
        """Bytes of a row of the array along `axis`."""
        return math.prod(self.shape) / max(1, self.shape[axis]) * self.itemsize

    def columns(self, axis: int) -> int:
        """Chunks that a row along `axis` goes through."""
        return self.n_chunks // max(1, self.grid[axis])


def stored_as(extent: Extent) -> Stored:
    """Return what costs rest on of an extent that is read without HDF5."""
    stored = Stored(shape=extent.shape, itemsize=extent.dtype.itemsize, n_bytes=extent.n_bytes)
    match extent.where:
        case Contiguous(offset=offset):
            return attrs.evolve(stored, offset=offset)
        case Chunked() as where:
            there = where.offsets[where.offsets >= 0]
            return attrs.evolve(
                stored,
                chunks=where.chunks,
                n_bytes=int(where.sizes.sum()),
                n_stored=where.n_stored,
                compressed=where.pipeline is not None,
                offset=int(there.min()),
            )
        case _:
            return stored


@attrs.frozen(kw_only=True)
class Access:
    """How batches ask for an array.

    Attributes:
        axis: The axis that rows are of, or `None` for single elements.
        per_row: Values along it that one row takes, on average.
        more: Values behind each row that are read with it.
        sliced: Whether rows are read as slices.
    """

    axis: int | None = 0
    per_row: float = 1.0
    more: int = 0
    sliced: bool = False


@attrs.frozen(kw_only=True)
class Load:
    """What an array costs a batch before it is known which chunks are still at hand.

    Attributes:
        asked: Bytes that the batch is made of, as stored.
        random: Bytes touched outside of whole chunks, by a random batch.
        ordered: The same, by a batch in order.
        chunks: Whole chunks that are read.
        stored: How the array is stored.
        scattered: Whether batches in order are like random ones.
        again: Bytes of chunks that a batch in order needs again from the one before; of rows of another
            axis than 0 they lie among all others.
    """

    asked: float
    random: float = 0.0
    ordered: float = 0.0
    chunks: Touch | None = None
    stored: Stored
    scattered: bool = False
    again: float = 0.0


def load_of(stored: Stored, access: Access, draw: Draw, *, reader: str, batch: int) -> Load:
    """Return what an array costs a batch.

    Args:
        stored: How it is stored; `None` chunks are one run.
        access: How it is asked for.
        draw: What batches are drawn from.
        reader: `"map"`, `"pread"`, `"chunks"`, `"h5py"`, or `"memory"`.
        batch: Items of a batch, at most all.
    """
    asked = asked_bytes(stored, access, draw, batch)
    if reader == "memory" or not batch:
        return Load(asked=asked, stored=stored)
    load = Load(asked=asked, random=asked, ordered=asked, stored=stored, scattered=draw.scattered)
    if reader == "h5py":
        return _by_h5py(load, access, draw, batch)
    if reader == "chunks":
        chunks, again = _whole_chunks(stored, access, draw, batch)
        return attrs.evolve(load, random=0.0, ordered=0.0, chunks=chunks, again=again)
    random, ordered = _pages(stored, access, draw, batch)
    if reader == "pread" and not access.sliced:
        random = _pread(stored, access, draw, batch)
    return attrs.evolve(load, random=random, ordered=ordered)


def asked_bytes(stored: Stored, access: Access, draw: Draw, batch: int) -> float:
    """Return the bytes of the values that a batch is made of."""
    if access.axis is None:
        return float(batch * stored.itemsize)
    values = batch * draw.span * (access.per_row + access.more)
    return values * stored.row_bytes(access.axis)


def _runs(stored: Stored, axis: int | None) -> tuple[float, int, int]:
    """Return in how many runs a row lies, how many bytes each has, and the rows that lie side by side."""
    if axis is None:
        return 1, stored.itemsize, math.prod(stored.shape)
    shape = stored.chunks or stored.shape
    run = math.prod(shape[axis + 1 :]) * stored.itemsize
    return math.prod(shape[:axis]) * stored.columns(axis), run, stored.shape[axis]


def _pages(stored: Stored, access: Access, draw: Draw, batch: int) -> tuple[float, float]:
    """Return the bytes of all pages that a batch touches, at random and in order."""
    n_runs, run, n_rows = _runs(stored, access.axis)
    first = stored.offset % PAGE_BYTES
    found = touch(
        draw,
        batch=batch,
        per_row=access.per_row * run,
        more=access.more * run,
        unit=PAGE_BYTES,
        n_units=-(-(first + n_rows * run) // PAGE_BYTES),
        first=first,
    ).times(n_runs, most=-(-(first + stored.n_bytes) // PAGE_BYTES))
    return found.random * PAGE_BYTES, found.ordered * PAGE_BYTES


def _pread(stored: Stored, access: Access, draw: Draw, batch: int) -> float:
    """Return the bytes of all pages that random rows touch with the gaps between them that are read."""
    n_runs, run, _ = _runs(stored, access.axis)
    wanted = batch * (draw.span + access.more)
    runs = bridged(draw.reach + access.more, wanted, gap=GAP_BYTES["pread"] // max(1, run))
    pages = runs.count * (1 + (runs.rows / runs.count * run - 1) / PAGE_BYTES)
    most = -(-(stored.offset % PAGE_BYTES + stored.n_bytes) // PAGE_BYTES)
    return min(most, n_runs * pages) * PAGE_BYTES


def _whole_chunks(stored: Stored, access: Access, draw: Draw, batch: int) -> tuple[Touch, float]:
    """Return the chunks that batches go through, and the bytes of those that are met again and again."""
    chunks = stored.chunks or stored.shape
    if access.axis is None:
        return _chunks_of_elements(stored, chunks, draw, batch)
    lines = touch(
        draw,
        batch=batch,
        per_row=access.per_row,
        more=access.more,
        unit=chunks[access.axis],
        n_units=stored.grid[access.axis],
    ).times(stored.columns(access.axis))
    if access.axis:
        return lines, lines.ordered * stored.chunk_bytes
    again = max(stored.columns(0), lines.ordered - lines.fresh)
    return lines, again * stored.chunk_bytes


def _chunks_of_elements(
    stored: Stored, chunks: tuple[int, ...], draw: Draw, batch: int
) -> tuple[Touch, float]:
    """Return the same of single elements, which follow each other in C order."""
    unit = math.prod(stored.shape) / stored.n_chunks
    found = touch(draw, batch=batch, per_row=1, more=0, unit=unit, n_units=stored.n_chunks)
    across = stored.n_chunks / stored.grid[0]  # chunks that one row of axis 0 goes through
    ordered = min(found.held, 1 + (batch - 1) / chunks[-1], max(across, found.ordered))
    return attrs.evolve(found, ordered=max(ordered, found.fresh)), across * stored.chunk_bytes


def _by_h5py(load: Load, access: Access, draw: Draw, batch: int) -> Load:
    """Return what HDF5 reads: runs of rows, small gaps included, and whole chunks where there are any."""
    stored = load.stored
    if access.axis is None:
        if stored.row_bytes(0) > ROW_BYTES and not stored.chunks:
            return load
        in_row = math.prod(stored.shape[1:])
        rows = Draw(n_items=stored.shape[0], scattered=True)
        ordered = min(stored.shape[0], 1 + (batch - 1) / in_row) * stored.row_bytes(0)
        found = _by_h5py(attrs.evolve(load, ordered=ordered), Access(), rows, min(batch, stored.shape[0]))
        return attrs.evolve(found, asked=load.asked)
    row_bytes = stored.row_bytes(access.axis) * access.per_row
    gap = GAP_BYTES["h5py"] / max(1.0, row_bytes)
    length = stored.chunks[access.axis] if stored.chunks else 1
    if not access.sliced and stored.chunks and length * row_bytes > CHUNK_GAP_BYTES:
        gap = max(gap, length - 1)
    runs = bridged(draw.reach + access.more, batch * (draw.span + access.more), gap=gap)
    if not stored.n_bytes:
        return attrs.evolve(load, random=0.0, ordered=0.0)
    kept_open = not stored.compressed and stored.chunk_bytes > stored.hdf5_cache
    if stored.chunks is None or kept_open:
        return attrs.evolve(load, random=runs.rows * row_bytes)
    lines, again = _whole_chunks(stored, access, draw, batch)
    n_lines = stored.grid[access.axis]
    each = 1 + max(0.0, runs.rows / runs.count * access.per_row - 1) / length
    met = n_lines * (1 - (1 - min(1.0, each / n_lines)) ** runs.count) * stored.columns(access.axis)
    chunks = attrs.evolve(lines, random=min(lines.held, max(lines.random, met)))
    return attrs.evolve(load, random=0.0, ordered=0.0, chunks=chunks, again=again)
