"""Asking HDF5 where the bytes of a dataset lie: metadata alone, no value is read."""

import math
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

from h5torch.errors import FormatError
from h5torch.rows import Array
from h5torch.storage import extents
from h5torch.storage.extents import ChunkList, Extent, Nothing, Opaque, Where
from h5torch.storage.filters import Filter, Pipeline, unsupported
from h5torch.storage.mapping import external_parts, virtual_parts

# Before this version HDF5 forgot the user block in the addresses of chunks.
_RIGHT_ADDRESSES = (1, 14, 4)
# An address that no file reaches, for chunks that have none.
_NOWHERE = 2**64 - 1


def locate(dataset: h5py.Dataset, *, size: int) -> Extent:
    """Return where the bytes of a dataset lie.

    Args:
        dataset: A dataset of a file that is open for reading only.
        size: Length of that file.

    Raises:
        FormatError: the file says of itself what cannot be.
        StorageError: a file that a virtual dataset names is not there.
    """
    shape, dtype, what = dataset.shape, dataset.dtype, str(dataset.name)
    if dataset.id.get_space().get_simple_extent_type() == h5s.NULL:
        return Extent(shape=(), dtype=dtype, fill=_nothing(dtype), where=Opaque(reason="it has no values"))
    plist = dataset.id.get_create_plist()
    reason = _foreign(dataset.id, dtype)
    where: Where
    if reason:
        where = Opaque(reason=reason)
    elif 0 in shape:
        where = Nothing()
    else:
        where = _where(dataset, plist, size, what)
    fill = _fill(plist, dtype, where)
    return Extent(shape=shape, dtype=dtype, fill=fill, where=where)


def _foreign(dataset: h5d.DatasetID, dtype: np.dtype[Any]) -> str:
    """Return why values in the file differ from values in memory, or an empty string."""
    if dtype.hasobject:
        return f"values of {dtype} have any length and lie elsewhere in the file"
    if dtype.subdtype is not None:
        return f"each value is an array ({dtype})"
    stored = dataset.get_type()
    if stored != h5t.py_create(dtype, logical=True):
        return f"values have a type in the file that NumPy knows only converted, as {dtype}"
    return ""


def _where(dataset: h5py.Dataset, plist: h5p.PropDCID, size: int, what: str) -> Where:
    shape, itemsize, layout = dataset.shape, dataset.dtype.itemsize, plist.get_layout()
    if layout == h5d.CHUNKED:
        return _chunks(dataset.id, plist, shape, itemsize, size, what)
    if layout == h5d.VIRTUAL:
        return virtual_parts(dataset, plist)
    if layout != h5d.CONTIGUOUS:
        return Opaque(reason="it is compact: its values lie within its header")
    if plist.get_external_count():
        return external_parts(dataset.id, plist, shape, itemsize)
    stored = dataset.id.get_storage_size()
    if not stored:
        return Nothing()
    n_bytes = math.prod(shape) * itemsize
    offset = dataset.id.get_offset()
    return extents.contiguous(
        offset=_NOWHERE if offset is None else offset, stored=stored, n_bytes=n_bytes, size=size, what=what
    )


def _chunks(
    dataset: h5d.DatasetID,
    plist: h5p.PropDCID,
    shape: tuple[int, ...],
    itemsize: int,
    size: int,
    what: str,
) -> Where:
    chunks = plist.get_chunk()
    pipeline = _pipeline(plist, itemsize, math.prod(chunks) * itemsize)
    reason = _unlisted() or (unsupported(pipeline) if pipeline else None)
    if reason:
        return Opaque(reason=reason)
    return extents.chunked(
        _listed(dataset, len(shape), what),
        shape=shape,
        chunks=chunks,
        itemsize=itemsize,
        pipeline=pipeline,
        size=size,
        what=what,
    )


def _unlisted() -> str | None:
    """Return why chunks cannot be listed, or `None`."""
    version = h5py.version.hdf5_version_tuple
    if version >= _RIGHT_ADDRESSES:
        return None
    return f"HDF5 {'.'.join(map(str, version))} may give wrong addresses of chunks; install a newer h5py"


def _pipeline(plist: h5p.PropDCID, itemsize: int, n_bytes: int) -> Pipeline | None:
    """Return the filters of a dataset in the order in which they were applied."""
    count = plist.get_nfilters()
    if not count:
        return None
    filters = []
    for at in range(count):
        number, _, parameters, name = plist.get_filter(at)
        text = name.decode("utf-8", "replace")
        filters.append(Filter(number=number, parameters=tuple(parameters), name=text))
    return Pipeline(filters=tuple(filters), itemsize=itemsize, n_bytes=n_bytes)


def _listed(dataset: h5d.DatasetID, rank: int, what: str) -> ChunkList:
    """List the chunks that are stored: the only step whose cost grows with their number.

    Raises:
        FormatError: HDF5 cannot read its own list.
    """
    infos: list[h5d.StoreInfo] = []
    try:
        dataset.chunk_iter(infos.append)
    except (OSError, RuntimeError) as error:
        msg = f"{what}: HDF5 cannot list its chunks ({error}); the file is damaged, take a good copy of it"
        raise FormatError(msg) from error
    if any(info.byte_offset is None for info in infos):
        msg = (
            f"{what}: some of its chunks are said to lie nowhere; the file is damaged, take a good copy of it"
        )
        raise FormatError(msg)
    starts = [index for info in infos for index in info.chunk_offset]
    return ChunkList(
        starts=np.array(starts, dtype=np.uint64).reshape(-1, rank),
        offsets=np.array([info.byte_offset for info in infos], dtype=np.uint64),
        sizes=np.array([info.size for info in infos], dtype=np.uint64),
        masks=np.array([info.filter_mask for info in infos], dtype=np.uint64),
    )


def _nothing(dtype: np.dtype[Any]) -> Array:
    return np.zeros((), dtype=dtype)


def _fill(plist: h5p.PropDCID, dtype: np.dtype[Any], where: Where) -> Array:
    """Return what HDF5 gives for values that were never stored."""
    fill = _nothing(dtype)
    match where:
        case Nothing():
            pass
        case extents.Chunked() if where.n_stored < len(where.offsets):
            pass
        case _:
            return fill
    if plist.get_fill_time() != h5d.FILL_TIME_NEVER:
        plist.get_fill_value(fill)
    return fill
