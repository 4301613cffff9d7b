"""The page cache: reading stored files into it, dropping them from it, and looking what is there."""

import ctypes
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_READ = 1 << 24


def files(folder: Path) -> Sequence[Path]:
    """Return every file below a folder."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def read_files(folder: Path) -> None:
    """Read every file once, so that its pages are cached."""
    for path in files(folder):
        with path.open("rb") as file:
            while file.read(_READ):
                pass


def drop_pages(folder: Path) -> None:
    """Write every file out, and drop its pages from the cache."""
    for path in files(folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def resident_share(folder: Path) -> float:
    """Return which share of the pages of all files is cached; reading one would fetch it, this does not."""
    cached, pages = 0, 0
    libc = ctypes.CDLL(None, use_errno=True)
    for path in files(folder):
        size = path.stat().st_size
        if not size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as mapped:
            found = np.zeros(-(-size // mmap.PAGESIZE), dtype=np.uint8)
            first = np.frombuffer(mapped, dtype=np.uint8)
            address, length = ctypes.c_void_p(first.ctypes.data), ctypes.c_size_t(size)
            if libc.mincore(address, length, found.ctypes.data_as(ctypes.c_void_p)):
                raise OSError(ctypes.get_errno(), "mincore", str(path))
            del first
        cached += int(np.count_nonzero(found & 1))
        pages += len(found)
    return cached / max(1, pages)
