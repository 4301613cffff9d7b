"""Masks in `.npz` archives, as `numpy.load(path, allow_pickle=False)` reads them: no code is ever run."""

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

__all__ = ["read_npz", "write_npz"]

_SUFFIX = ".npy"
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
        SplitError: it is no such archive, or an array is no mask or list of at most so many values.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(_SUFFIX)]
            check_count(names, what=str(path))
            return {name.removesuffix(_SUFFIX): _read(archive, name, path, limit) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, SplitError):
            raise
        msg = f"{path}: cannot be read as an .npz archive of masks or lists ({error})"
        raise SplitError(msg) from error


def _read(archive: zipfile.ZipFile, name: str, path: Path, limit: int) -> npt.NDArray[Any]:
    what = f"{path}: {name.removesuffix(_SUFFIX)}"
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
