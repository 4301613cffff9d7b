"""Masks in `.npz` archives, as `numpy.load(path, allow_pickle=False)` reads them: no code is ever run."""

import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from splits.errors import SplitError
from splits.interchange.bounds import check_array, check_count
from splits.interchange.showing import named, shown

__all__ = ["read_npz", "write_npz"]

_SUFFIX = ".npy"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same masks give the same bytes


def write_npz(file: BinaryIO, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays, each a member of its name, compressed; any name will do, unlike with `numpy.savez`."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            member = zipfile.ZipInfo(name + _SUFFIX, date_time=_EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as target:
                npy.write_array(target, values, allow_pickle=False)


def read_npz(path: Path, *, limit: int) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an archive in their order; their sizes are checked before their bytes are read.

    Args:
        path: The archive.
        limit: The most values that one may have.

    Raises:
        SplitError: it is no such archive, two arrays have one name, or an array is no mask or list of at most
            so many values.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _read_all(archive, path, limit)
        except SplitError:
            raise
        except _DAMAGES as error:
            msg = f"{named(path)}: cannot be read as an .npz archive of masks or lists ({named(error)})"
            raise SplitError(msg) from error


def _read_all(archive: zipfile.ZipFile, path: Path, limit: int) -> dict[str, npt.NDArray[Any]]:
    members = [member for member in archive.infolist() if member.filename.endswith(_SUFFIX)]
    check_count([member.filename for member in members], what=named(path))
    names = {member.filename: member.filename.removesuffix(_SUFFIX) for member in members}
    if len(names) < len(members):
        listed = [member.filename for member in members]
        twice = next(names[name] for name in names if listed.count(name) > 1)
        msg = f"{named(path)}: holds several arrays called {shown(twice)}; keep one"
        raise SplitError(msg)
    odd = [names[member.filename] for member in members if member.compress_type not in _PACKED]
    if odd:
        msg = f"{named(path)}: {shown(odd[0])} is packed in a way that numpy does not write; save it anew"
        raise SplitError(msg)
    return {name: _read(archive, member, path, limit) for member, name in names.items()}


def _read(archive: zipfile.ZipFile, name: str, path: Path, limit: int) -> npt.NDArray[Any]:
    what = f"{named(path)}: {named(name.removesuffix(_SUFFIX))}"
    with archive.open(name) as source:
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        version = npy.read_magic(source)
        if version not in readers:
            msg = f"{what}: is of version {version}, which holds records and no mask or list"
            raise SplitError(msg)
        shape, _, dtype = readers[version](source)
        check_array(shape, dtype, limit=limit, what=what)
    with archive.open(name) as source:
        values: npt.NDArray[np.generic] = npy.read_array(source, allow_pickle=False)
    return values
