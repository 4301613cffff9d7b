"""Filter 32008, bitshuffle: bits in planes, in blocks of some KiB, each block compressed perhaps."""

import struct

import numpy as np

from h5torch.rows import Array
from h5torch.storage.filters.compression import declared
from h5torch.storage.filters.optional import LibraryDecoder, fill
from h5torch.storage.filters.records import DamageError, Parameters

NONE, LZ4, ZSTD = 0, 2, 3
# Blocks hold a multiple of 8 elements, so that a plane of bits ends with a byte; what is left stays as it is.
MULTIPLE = 8


def refuses(parameters: Parameters) -> str | None:
    """Say why the parameters (two of version, element size, block size, compression) fit nothing, or None."""
    if len(parameters) < 3 or parameters[2] < 1:
        return "no element size among its parameters"
    if _compression(parameters) not in (NONE, LZ4, ZSTD):
        return f"its compression {parameters[4]} is neither 0 (none), 2 (lz4) nor 3 (zstd)"
    if len(parameters) > 3 and parameters[3] % MULTIPLE:
        return f"its block of {parameters[3]} elements is not a multiple of {MULTIPLE}"
    return None


def decode(data: Array, out: Array, parameters: Parameters) -> Array:
    """Return `out` filled with elements whose bits are in their places again.

    Raises:
        DamageError: sizes that do not fit, or a block that does not decompress.
    """
    import imagecodecs

    itemsize = parameters[2]
    if out.size % itemsize:
        msg = f"{out.size} bytes are not whole elements of {itemsize}"
        raise DamageError(msg)
    block = parameters[3] if len(parameters) > 3 else 0
    planes = data
    if (compression := _compression(parameters)) != NONE:
        _size, block_bytes = declared(data, ">QI", out.size)
        block = block_bytes // itemsize
        if block == 0 or block % MULTIPLE or block_bytes % itemsize:
            msg = f"blocks of {block_bytes} bytes are not made of {MULTIPLE} elements of {itemsize}"
            raise DamageError(msg)
        decoder = imagecodecs.lz4_decode if compression == LZ4 else imagecodecs.zstd_decode
        planes = _decompressed(data, np.empty(out.size, np.uint8), decoder, block_bytes, MULTIPLE * itemsize)
    elif data.size != out.size:
        msg = f"{data.size} bytes, not {out.size}"
        raise DamageError(msg)
    return fill(out, imagecodecs.bitshuffle_decode, planes, itemsize=itemsize, blocksize=block)


def _compression(parameters: Parameters) -> int:
    return parameters[4] if len(parameters) > 4 else NONE


def _decompressed(data: Array, planes: Array, decoder: LibraryDecoder, block: int, multiple: int) -> Array:
    """Fill `planes` block by block; a last part shorter than `multiple` bytes was never compressed.

    Args:
        data: A header of 12 bytes, then every block after its stored size (u32, big-endian).
        planes: Room for all blocks.
        decoder: Decompresses one block.
        block: Bytes of a decoded block.
        multiple: Bytes of the fewest elements that make a block.
    """
    place, end = 12, planes.size // multiple * multiple
    for start in range(0, end, block):
        room = planes[start : min(start + block, end)]
        if place + 4 > data.size:
            msg = f"ends in the block at byte {start} of {planes.size}"
            raise DamageError(msg)
        (stored,) = struct.unpack_from(">I", data.data, place)
        place += 4
        if stored > data.size - place:
            msg = f"a block of {stored} bytes, but {data.size - place} are left"
            raise DamageError(msg)
        fill(room, decoder, data[place : place + stored])
        place += stored
    if data.size - place != planes.size - end:
        msg = f"{data.size - place} bytes after the last block, not {planes.size - end}"
        raise DamageError(msg)
    planes[end:] = data[place:]
    return planes
