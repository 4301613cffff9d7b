"""Where the bytes of one array lie and how they are read, as its source and HDF5's metadata say."""

import math
from typing import Any

import attrs
import h5py
from h5py import h5d

from h5torch.explaining.costs import Stored, stored_as
from h5torch.explaining.records import COMPACT, HEAP, NEVER, OBJECTS, ExplainedPart
from h5torch.printed import printable, size
from h5torch.storage.chunked import ChunkSource
from h5torch.storage.extents import Chunked, Extent, Part, Parts
from h5torch.storage.mapped import MapSource
from h5torch.storage.mapping import found_in, opened
from h5torch.storage.opening import Opener, ReaderName
from h5torch.storage.parts import PartsSource
from h5torch.storage.pieces import PreadSource
from h5torch.storage.ports import Source
from h5torch.storage.sources import H5Source
from h5torch.storage.strided import StridedSource

_FILTERS = {
    1: "gzip",
    2: "shuffle",
    3: "fletcher32",
    4: "szip",
    5: "nbit",
    6: "scaleoffset",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32015: "zstd",
    32026: "blosc2",
}


@attrs.frozen(kw_only=True)
class Described:
    """An array as it is read.

    Attributes:
        part: What is said of it; costs are added later.
        stored: What costs rest on.
        reader: How it is read where it lies; that of the first part where it lies in several.
    """

    part: ExplainedPart
    stored: Stored
    reader: str


def describe(name: str, source: Source, *, opener: Opener, reader: ReaderName, fixed: bool) -> Described:
    """Describe one array.

    Args:
        name: Its name in its object.
        source: What reads it.
        opener: What opened it.
        reader: The reader that was asked for.
        fixed: Whether its file cannot change while it is open.
    """
    match source:
        case H5Source(dataset=dataset, why=why):
            return _by_h5py(name, dataset, why if fixed else "its file is open for writing, so it may change")
        case PartsSource(extent=Extent(where=Parts(parts=parts)) as extent):
            found = _first_part(name, extent, parts[0], opener, reader)
            return _in_parts(found, parts)
        case MapSource(extent=Extent() as extent):
            return _direct(name, source.reader, "its bytes lie open in the file", extent)
        case PreadSource(extent=extent):
            return _direct(name, source.reader, "positioned reads take the place of a map", extent)
        case StridedSource(extent=extent):
            return _direct(name, source.reader, "its chunks lie open in the file", extent)
        case ChunkSource(extent=extent):
            is_open = isinstance(extent.where, Chunked) and extent.where.pipeline is None
            why = "there is no map to read rows out of chunks" if is_open else "its chunks have to be decoded"
            return _direct(name, source.reader, why, extent)
        case _:
            stored = Stored(shape=source.shape, itemsize=source.dtype.itemsize)
            why = "it was read into memory"
            storage = OBJECTS if source.dtype.hasobject else "in memory"
            part = ExplainedPart(name=name, reader="memory", why=why, storage=storage)
            return Described(part=part, stored=stored, reader="memory")


def _direct(name: str, reader: str, why: str, extent: Extent) -> Described:
    """Describe an array that is read without HDF5."""
    stored = stored_as(extent)
    part = ExplainedPart(name=name, reader=reader, why=why, storage="")
    if not isinstance(extent.where, Chunked):
        storage = f"contiguous at {stored.offset:,}"
        return Described(
            part=attrs.evolve(part, storage=storage, offset=stored.offset), stored=stored, reader=reader
        )
    pipeline = extent.where.pipeline
    steps = () if pipeline is None else pipeline.filters
    names = tuple(filter_name(step.number, step.name) for step in steps)
    return Described(part=_with_chunks(part, stored, names), stored=stored, reader=reader)


def _with_chunks(part: ExplainedPart, stored: Stored, filters: tuple[str, ...]) -> ExplainedPart:
    many = f"{stored.n_chunks:,} chunk{'s' if stored.n_chunks > 1 else ''} of {size(stored.chunk_bytes)}"
    return attrs.evolve(
        part,
        storage=", ".join([many, "+".join(filters)]) if filters else many,
        n_chunks=stored.n_chunks,
        chunk_shape=stored.chunks or (),
        chunk_bytes=stored.chunk_bytes,
        filters=filters,
    )


def filter_name(number: int, name: str) -> str:
    """Return what people call a filter of HDF5."""
    return _FILTERS.get(number) or printable(name[:20]) or f"filter {number}"


def _first_part(name: str, extent: Extent, first: Part, opener: Opener, reader: ReaderName) -> Described:
    """Describe an array in several others as if all of it lay as the first of them does."""
    whole = Stored(shape=extent.shape, itemsize=extent.dtype.itemsize, n_bytes=extent.n_bytes)
    if first.dataset is None:
        how = "pread" if reader == "pread" else "map"
        part = ExplainedPart(name=name, reader=how, why="", storage="contiguous")
        return Described(part=part, stored=attrs.evolve(whole, offset=first.offset), reader=how)
    with opened(first.file) as handle:
        dataset = found_in(handle, first.dataset)
        found = describe(name, opener(dataset), opener=opener, reader=reader, fixed=True)
    there = found.stored
    if there.chunks is None:
        return attrs.evolve(found, stored=attrs.evolve(whole, offset=there.offset))
    stored = attrs.evolve(there, shape=extent.shape)
    share = stored.n_chunks / max(1, there.n_chunks)
    stored = attrs.evolve(
        stored, n_stored=round(there.n_stored * share), n_bytes=round(there.n_bytes * share)
    )
    return attrs.evolve(found, part=_with_chunks(found.part, stored, found.part.filters), stored=stored)


def _in_parts(found: Described, parts: tuple[Part, ...]) -> Described:
    n_files = len({part.file for part in parts})
    kind = "external" if parts[0].dataset is None else "virtual"
    files = f"{n_files} file{'s' if n_files > 1 else ''}"
    part = attrs.evolve(
        found.part,
        reader=PartsSource.reader,
        why=f"its rows lie in {len(parts)} parts, each read in its own way, the first by {found.reader}",
        storage=f"{kind}, {files}: {found.part.storage.partition(' at ')[0]}",
        offset=None,
    )
    return attrs.evolve(found, part=part)


def _by_h5py(name: str, dataset: h5py.Dataset, why: str) -> Described:
    """Describe an array that HDF5 reads."""
    plist, shape, n_bytes = dataset.id.get_create_plist(), dataset.shape, dataset.id.get_storage_size()
    layout = plist.get_layout()
    access: Any = dataset.id.get_access_plist()
    if layout == h5d.VIRTUAL:  # what is stored is stored elsewhere
        n_bytes = math.prod(shape) * dataset.dtype.itemsize
    chunks = plist.get_chunk() if layout == h5d.CHUNKED and 0 not in shape else None
    steps = [plist.get_filter(at) for at in range(plist.get_nfilters())]
    stored = Stored(
        shape=shape,
        itemsize=dataset.dtype.itemsize,
        chunks=chunks,
        n_bytes=n_bytes,
        n_stored=dataset.id.get_num_chunks() if chunks else 0,
        compressed=bool(steps),
        hdf5_cache=access.get_chunk_cache()[1],
    )
    part = ExplainedPart(name=name, reader=H5Source.reader, why=why, storage="")
    if dataset.dtype.hasobject:
        part = attrs.evolve(part, storage=HEAP)
    elif not n_bytes:
        part = attrs.evolve(part, storage=NEVER)
    elif chunks:
        names = tuple(filter_name(step[0], step[3].decode("utf-8", "replace")) for step in steps)
        part = _with_chunks(part, stored, names)
    else:
        part = _without_chunks(part, dataset, layout)
    return Described(part=part, stored=stored, reader=H5Source.reader)


def _without_chunks(part: ExplainedPart, dataset: h5py.Dataset, layout: int) -> ExplainedPart:
    if layout == h5d.COMPACT:
        return attrs.evolve(part, storage=COMPACT)
    if layout == h5d.VIRTUAL:
        return attrs.evolve(part, storage="virtual")
    offset = dataset.id.get_offset()
    if offset is None:
        return attrs.evolve(part, storage="in external files")
    return attrs.evolve(part, storage=f"contiguous at {offset:,}", offset=offset)
