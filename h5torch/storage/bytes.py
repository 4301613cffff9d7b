"""The bytes of a file: as a read-only map, or by positioned reads."""

import mmap
import os
import threading
import weakref
from typing import TypeAlias

import numpy as np

from h5torch.errors import StorageError
from h5torch.rows import Array

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class MapBytes:
    """A file as a read-only map of memory: reading is copying, and the page cache is shared.

    A map outlives the name of its file, but not the file's length: where another program cuts the
    file short, the process is killed on touching what is gone. `PreadBytes` gets an error instead.

    Attributes:
        path: Where the file lies.
        size: Its length when it was mapped.
        identity: Device and number of the file, which no other file has while this one exists.
        array: All its bytes, uint8 `(size,)`, read-only.
    """

    def __init__(self, path: str) -> None:
        """Map the file at `path`.

        Raises:
            StorageError: it cannot be opened or mapped.
        """
        self.path = path
        try:
            descriptor = os.open(path, _FLAGS)
            try:
                status = os.fstat(descriptor)
                mapped = mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        except (OSError, ValueError) as error:
            msg = f"{path}: cannot be mapped into memory ({error}); use reader='pread'"
            raise StorageError(msg) from error
        self.size = status.st_size
        self.identity = (status.st_dev, status.st_ino)
        self.array: Array | None = np.frombuffer(mapped, dtype=np.uint8)
        self._bytes = self.array

    def read(self, offset: int, length: int) -> Array:
        """Return a read-only view of a run of bytes."""
        return self._bytes[offset : offset + length]


class PreadBytes:
    """A file read with `pread`: a file that was cut short gives an error, whatever cut it.

    Systems without `preadv` (Windows) are read by seeking, one thread at a time.

    Attributes:
        path: Where the file lies.
        size: Its length when it was opened.
        identity: Device and number of the file, which no other file has while this one exists.
        array: Always `None`: there is no map.
    """

    array: Array | None = None

    def __init__(self, path: str) -> None:
        """Open the file at `path`.

        Raises:
            StorageError: it cannot be opened.
        """
        self.path = path
        try:
            self._descriptor = os.open(path, _FLAGS)
        except OSError as error:
            msg = f"{path}: cannot be opened ({error})"
            raise StorageError(msg) from error
        weakref.finalize(self, os.close, self._descriptor)
        status = os.fstat(self._descriptor)
        self.size = status.st_size
        self.identity = (status.st_dev, status.st_ino)
        self._seeking = threading.Lock()

    def read(self, offset: int, length: int) -> Array:
        """Return a run of bytes.

        Raises:
            StorageError: the file has become shorter, or the disk fails.
        """
        found = np.empty(length, dtype=np.uint8)
        self.read_into(offset, found)
        return found

    def read_into(self, offset: int, out: Array) -> None:
        """Fill `out`, uint8, not empty, in C order, from `offset` on.

        Raises:
            StorageError: the file has become shorter, or the disk fails.
        """
        view, done = memoryview(out.data).cast("B"), 0
        try:
            while done < len(view):
                read = self._read_some(offset + done, view[done:])
                if not read:
                    break
                done += read
        except OSError as error:
            msg = f"{self.path}: reading {len(view)} bytes at {offset} failed ({error})"
            raise StorageError(msg) from error
        if done < len(view):
            msg = (
                f"{self.path}: {offset + len(view)} bytes are needed, the file ends after "
                f"{os.fstat(self._descriptor).st_size}; it was cut short after it was opened"
            )
            raise StorageError(msg)

    def _read_some(self, offset: int, view: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [view], offset)
        return read_seeking(self._descriptor, offset, view, alone=self._seeking)


def read_seeking(descriptor: int, offset: int, view: memoryview, *, alone: threading.Lock) -> int:
    """Read into `view` from `offset` on where there is no positioned read, and return how many bytes came.

    Args:
        descriptor: An open file, whose position moves.
        offset: Where to begin.
        view: Room for bytes.
        alone: Held meanwhile, so that no other thread moves the position.
    """
    with alone:
        os.lseek(descriptor, offset, os.SEEK_SET)
        found = os.read(descriptor, len(view))
    view[: len(found)] = found
    return len(found)


FileBytes: TypeAlias = MapBytes | PreadBytes
