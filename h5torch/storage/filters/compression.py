"""Compressors of the extra: lz4, zstd, lzf and blosc, each in the framing of its HDF5 filter."""

import struct

from h5torch.rows import Array
from h5torch.storage.filters.optional import fill
from h5torch.storage.filters.records import DamageError, Parameters


def zstd(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return `out` filled from one Zstandard frame (filter 32015), or raise `DamageError`."""
    import imagecodecs

    return fill(out, imagecodecs.zstd_decode, data)


def lzf(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return `out` filled from bare LZF (filter 32000), or raise `DamageError`."""
    import imagecodecs

    return fill(out, imagecodecs.lzf_decode, data)


def lz4(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return `out` filled from lz4 blocks (filter 32004), or raise `DamageError`.

    The whole size (u64) and the size of a block (u32) come first, big-endian; then each block after its size.
    """
    import imagecodecs

    declared(data, ">Q", out.size)
    return fill(out, imagecodecs.lz4h5_decode, data)


def blosc(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return `out` filled from one chunk of Blosc 1 (filter 32001), or raise `DamageError`.

    The library trusts the stored size in the header, so that is compared with what there is.
    """
    import imagecodecs

    _n_bytes, _block, stored = declared(data, "<4xIII", out.size)
    if not 16 <= stored <= data.size:
        msg = f"{stored} bytes stored, as its header says, but there are {data.size}"
        raise DamageError(msg)
    return fill(out, imagecodecs.blosc_decode, data[:stored], numthreads=1)


def declared(data: Array, layout: str, size: int) -> tuple[int, ...]:
    """Return the fields of a header whose first field is the decoded size.

    Raises:
        DamageError: there is no whole header, or it declares another size than `size`.
    """
    if data.size < struct.calcsize(layout):
        msg = f"{data.size} bytes, too few for a header"
        raise DamageError(msg)
    fields: tuple[int, ...] = struct.unpack_from(layout, data.data)
    if fields[0] != size:
        msg = f"its header declares {fields[0]} bytes, not {size}"
        raise DamageError(msg)
    return fields
