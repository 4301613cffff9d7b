"""Reading datasets without HDF5: the fastest reader that fits where their bytes lie."""

import os
from collections.abc import Callable

import attrs
import h5py
import numpy as np
from h5py import h5d, h5f, h5fd, h5i

from h5torch.errors import FormatError, StorageError
from h5torch.rows import Array
from h5torch.storage.bytes import FileBytes, PreadBytes
from h5torch.storage.chunked import ChunkSource
from h5torch.storage.extents import Chunked, Contiguous, Extent, Opaque, Part, Parts
from h5torch.storage.locate import locate
from h5torch.storage.mapped import MapSource
from h5torch.storage.mapping import check_sources, found_in, opened
from h5torch.storage.parts import PartsSource
from h5torch.storage.pieces import PreadSource
from h5torch.storage.ports import Source
from h5torch.storage.strided import StridedSource


def direct_source(dataset: h5py.Dataset, *, bytes_of: Callable[[str], FileBytes]) -> Source | Opaque:
    """Return a source that reads a dataset without HDF5, or why there is none.

    Args:
        dataset: A dataset of an open file.
        bytes_of: Gives the bytes of the file at a path, mapped or read by position, and remembers them:
            it is asked again for other datasets, and when rows are read that lie in another file.

    Raises:
        FormatError: the file says of itself what cannot be.
        StorageError: the file cannot be opened once more, or one that a virtual dataset names not at all.
    """
    file = h5i.get_file_id(dataset.id)
    reason = _apart(file)
    if reason:
        return Opaque(reason=reason)
    found = bytes_of(os.fsdecode(file.name))
    status = os.fstat(file.get_vfd_handle())
    if found.identity != (status.st_dev, status.st_ino):
        return Opaque(reason="another file lies at its path since it was opened")
    extent = locate(dataset, size=found.size)
    if isinstance(extent.where, Parts):
        source: Source | Opaque = _in_parts(extent, extent.where, bytes_of)
    else:
        source = _reader_of(extent, found, what=str(dataset.name))
    if isinstance(source, Opaque):
        check_sources(dataset)
    return source


def _reader_of(extent: Extent, file: FileBytes, *, what: str) -> Source | Opaque:
    """Return a source for an array whose bytes lie in `file`, or why HDF5 has to read it."""
    match extent.where:
        case Opaque() as opaque:
            return opaque
        case Contiguous(offset=offset) if isinstance(file, PreadBytes):
            return PreadSource(extent, offset, file)
        case Contiguous(offset=offset):
            array: Array = np.ndarray(extent.shape, extent.dtype, file.array, offset)
            return MapSource(array, extent=extent)
        case Chunked(pipeline=None) as chunks if file.array is not None:
            return StridedSource(extent, chunks, file.array)
        case Chunked() as chunks:
            return ChunkSource(extent, chunks, file, what=what)
        case _:
            return Opaque(reason="none of its values was ever stored")


def _in_parts(extent: Extent, where: Parts, bytes_of: Callable[[str], FileBytes]) -> PartsSource | Opaque:
    """Return a source for an array in parts, or why HDF5 has to read the first of them and so perhaps all."""
    # While the files of the parts are open, HDF5 keeps writers away from them, in this process and others.
    held: list[h5py.File] = []

    def open_part(part: Part) -> Source:
        found = _part(extent, part, bytes_of, held)
        if isinstance(found, Opaque):
            msg = f"{part.file}: rows of a virtual dataset lie here, and {found.reason}; use reader='h5py'"
            raise StorageError(msg)
        return found

    first = _part(extent, where.parts[0], bytes_of, held)
    return first if isinstance(first, Opaque) else PartsSource(extent, where, open_part)


def _part(
    extent: Extent, part: Part, bytes_of: Callable[[str], FileBytes], held: list[h5py.File]
) -> Source | Opaque:
    """Return the source that holds one part, or why there is none; its file is put among those `held`."""
    n_rows = part.stop - part.start
    if part.dataset is None:
        shape = (n_rows, *extent.shape[1:]) if extent.shape else ()
        part_extent = attrs.evolve(extent, shape=shape, where=Contiguous(offset=part.offset))
        file = bytes_of(part.file)
        if part.offset + part_extent.n_bytes > file.size:
            msg = (
                f"{part.file}: has {file.size} bytes, and a dataset has values up to byte "
                f"{part.offset + part_extent.n_bytes} of it"
            )
            raise FormatError(msg)
        return _reader_of(part_extent, file, what=part.file)
    handle = opened(part.file)
    held.append(handle)
    dataset = found_in(handle, part.dataset)
    if dataset.id.get_create_plist().get_layout() == h5d.VIRTUAL:
        return Opaque(reason="it is virtual, and so are its sources")
    if dataset.shape[1:] != extent.shape[1:] or dataset.dtype != extent.dtype:
        return Opaque(reason="it is virtual, and its sources have another shape or dtype")
    if dataset.shape[0] < part.first + n_rows or (part.whole and dataset.shape[0] != n_rows):
        return Opaque(reason="it is virtual, and its sources have other rows than it shows")
    return direct_source(dataset, bytes_of=bytes_of)


def _apart(file: h5f.FileID) -> str:
    """Return why the file on disk may differ from what HDF5 shows, or an empty string."""
    if file.get_intent() != h5f.ACC_RDONLY:
        return "its file is open for writing"
    if file.get_access_plist().get_driver() != h5fd.SEC2:
        return "its file is not read by HDF5's usual driver: in memory, remote, or in several pieces"
    return ""
