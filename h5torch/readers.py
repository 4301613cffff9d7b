"""Files open for reading that their holders open again when they find them closed.

HDF5 lets no process change a file that it has open for reading. So a `File` opened to write first
closes the readers of that file in its process, and no dataset has to be closed by hand.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import h5py

_READERS: WeakValueDictionary[int, h5py.File] = WeakValueDictionary()
_LOCKS = [threading.RLock()]


def _start_afresh() -> None:
    """In a forked child: leave the parent's handles alone, and its threads' locks behind."""
    _READERS.clear()
    _LOCKS[0] = threading.RLock()


os.register_at_fork(after_in_child=_start_afresh)


@contextmanager
def reading() -> Iterator[None]:
    """Keep readers from being closed by another thread in the middle of a batch."""
    with _LOCKS[0]:
        yield


def lend(file: h5py.File) -> None:
    """Let `file` be closed when somebody wants to change it."""
    _READERS[id(file)] = file


@contextmanager
def making_way(path: Any, mode: str) -> Iterator[None]:
    """Close what was lent of the file at `path` before it is opened to change it.

    No reader opens it again before the body has ended. What is no path has no readers.
    """
    with reading():
        if mode in {"a", "r+"} and isinstance(path, str | os.PathLike):
            for file in list(_READERS.values()):
                if file and Path(path).exists() and Path(path).samefile(file.filename):
                    file.close()
        yield
