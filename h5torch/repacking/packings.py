"""Codecs, and which one a file is packed with."""

from collections.abc import Mapping
from typing import Any, get_args

from h5torch.errors import RegisterError
from h5torch.repacking.records import Packing, Use

CODECS: Mapping[int, str] = {
    1: "gzip",
    4: "szip",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32015: "zstd",
    32026: "blosc2",
}
"""Names of codecs by the number of their HDF5 filter."""

_BUILT_IN = ("gzip", "lzf")
_PLUGINS = ("lz4", "zstd", "blosc")


def choose_packing(use: Use, compression: str | None, *, plugin: Any) -> Packing:
    """Decide how a file is packed.

    Args:
        use: What for.
        compression: The codec asked for, or `None` for gzip where anything is compressed.
        plugin: The package `hdf5plugin`, or `None` where it is not installed.

    Raises:
        RegisterError: an unknown use or codec, a codec that is not installed, or one that goes unused.
    """
    if use not in get_args(Use):
        msg = f"use={use!r} is not known; choose {', '.join(map(repr, get_args(Use)))}"
        raise RegisterError(msg)
    if use == "random":
        if compression is not None:
            msg = (
                f"compression={compression!r}: a file for use='random' is not compressed, so that every row "
                "is read in one step; drop it, or take use='sequential' or use='size'"
            )
            raise RegisterError(msg)
        return Packing(codec=None)
    codec = compression or "gzip"
    strong = use == "size"
    if codec == "gzip":
        return Packing(codec=codec, shuffle=True, filter="gzip", options=(9 if strong else 4,))
    if codec == "lzf":
        return Packing(codec=codec, shuffle=True, filter="lzf")
    if codec not in _PLUGINS:
        msg = f"compression={codec!r} is not known; choose one of {', '.join((*_BUILT_IN, *_PLUGINS))}"
        raise RegisterError(msg)
    if plugin is None:
        msg = f"compression={codec!r} needs the package hdf5plugin: pip install hdf5plugin"
        raise RegisterError(msg)
    return _plugged(codec, plugin, strong=strong)


def _plugged(codec: str, plugin: Any, *, strong: bool) -> Packing:
    shuffle = True
    if codec == "lz4":
        asked = plugin.LZ4()
    elif codec == "zstd":
        asked = plugin.Zstd(clevel=19 if strong else 3)
    else:
        asked = plugin.Blosc(cname="zstd" if strong else "lz4", clevel=9 if strong else 5)
        shuffle = False  # blosc shuffles by itself
    options = tuple(int(number) for number in asked["compression_opts"])
    return Packing(codec=codec, shuffle=shuffle, filter=int(asked["compression"]), options=options)
