"""Filter 1, deflate, which everyone calls gzip: one zlib stream."""

import zlib
from collections.abc import Callable
from functools import cache

import numpy as np

from h5torch.rows import Array
from h5torch.storage.filters.records import DamageError, Parameters

# libdeflate's binding counts bytes in an unsigned 32-bit integer and does not say when they are more.
LONGEST = 2**32 - 1


def inflate(data: Array, out: Array, _parameters: Parameters) -> Array:
    """Return the inflated bytes, checked against their Adler-32, in a new array as long as `out`.

    libdeflate takes half the time of zlib and less, but has no way to write into an array of ours.

    Raises:
        DamageError: not a zlib stream, not a whole one, or one of another length.
    """
    decompress = _fastest() if out.size <= LONGEST else _zlib
    try:
        got = decompress(data.data, out.size)
    except DamageError as damage:
        msg = f"not a whole zlib stream of {out.size} bytes ({damage})"
        raise DamageError(msg) from damage
    if len(got) != out.size:
        msg = f"inflates to {len(got)} bytes, not to {out.size}"
        raise DamageError(msg)
    return np.frombuffer(got, dtype=np.uint8)


@cache
def _fastest() -> Callable[[memoryview, int], bytearray]:
    """Return what inflates at most so many bytes here: libdeflate, or zlib where it cannot be imported."""
    try:
        import deflate  # at first use: most files are not compressed
    except ImportError:
        return _zlib

    def libdeflate(data: memoryview, most: int) -> bytearray:
        try:
            return deflate.zlib_decompress(data, most)
        except deflate.DeflateError as error:
            raise DamageError(*error.args) from error

    return libdeflate


def _zlib(data: memoryview, most: int) -> bytearray:
    stream = zlib.decompressobj()
    try:
        got = bytearray(stream.decompress(data, most))
        # The checksum is looked at only when more is asked for than there is.
        more = b"" if stream.eof else stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error as error:
        raise DamageError(*error.args) from error
    if more or not stream.eof:
        msg = "it is longer" if more else "it ends early"
        raise DamageError(msg)
    return got
