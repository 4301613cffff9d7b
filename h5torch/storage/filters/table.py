"""The filters that are decoded here: one line each."""

from collections.abc import Callable
from typing import TypeAlias

import attrs

from h5torch.rows import Array
from h5torch.storage.filters import bitshuffle, compression, fletcher, frame, shuffle
from h5torch.storage.filters.inflate import inflate
from h5torch.storage.filters.records import Parameters

Decoder: TypeAlias = Callable[[Array, Array, Parameters], Array]
"""Takes encoded bytes, room of exactly the decoded size, and parameters; returns the room, filled, or another
array as long. Raises `DamageError`, and reads and writes nothing outside the two."""


def _takes_any(_parameters: Parameters) -> str | None:
    return None


@attrs.frozen(kw_only=True)
class Codec:
    """How one filter is undone."""

    decode: Decoder
    adds: int | None = None
    """Bytes that encoding adds; None: it compresses, and the size depends on the data."""
    library: str | None = None
    """Which codec of the optional library it needs."""
    refuses: Callable[[Parameters], str | None] = _takes_any
    """Says why parameters are not understood, or None."""


CODECS = {
    1: Codec(decode=inflate),
    2: Codec(decode=shuffle.unshuffle, adds=0, refuses=shuffle.refuses),
    3: Codec(decode=fletcher.verify, adds=4),
    32000: Codec(decode=compression.lzf, library="LZF"),
    32001: Codec(decode=compression.blosc, library="BLOSC"),
    32004: Codec(decode=compression.lz4, library="LZ4H5"),
    32008: Codec(decode=bitshuffle.decode, library="BITSHUFFLE", refuses=bitshuffle.refuses),
    32015: Codec(decode=compression.zstd, library="ZSTD"),
    32026: Codec(decode=frame.decode, library="BLOSC2"),
}
