"""Files open for reading that their holders open again when they find them closed.

HDF5 lets no process change a file that it has open for reading. So a `File` opened to write first
closes the readers of that file in its process, and no dataset has to be closed by hand. A reader that
was opened beside a writer shares HDF5's handle with it, so it is closed together with the writer.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import h5py
from h5py._objects import phil

Place: TypeAlias = tuple[int, int]
"""Device and inode: what HDF5 knows a file by."""

_READERS: WeakValueDictionary[tuple[int, Place], h5py.File] = WeakValueDictionary()
_WRITERS: WeakValueDictionary[tuple[int, Place], h5py.File] = WeakValueDictionary()
_GATES: "WeakValueDictionary[tuple[int, Place], Gate]" = WeakValueDictionary()
_PATIENCE = 0.0005  # seconds between looks whether readers are done


def _start_afresh() -> None:
    """In a forked child: leave the parent's handles alone."""
    for gate in _GATES.values():
        gate.shut = True
    _READERS.clear()
    _WRITERS.clear()
    _GATES.clear()


os.register_at_fork(after_in_child=_start_afresh)


@contextmanager
def reading() -> Iterator[None]:
    """Keep readers from being closed by another thread in the middle of a batch.

    The lock is h5py's own, which it holds in every call and renews in a forked child: a second lock
    beside it could be taken in the other order, by a callback of h5py that reads a dataset.
    """
    with phil:
        yield


def lend(file: h5py.File) -> None:
    """Let `file` be closed when somebody wants to change it."""
    place = _place(file.filename)
    if place is not None:
        _READERS[id(file), place] = file


def is_written_elsewhere(file: h5py.File) -> bool:
    """Whether `file`, opened to read, shares a handle to write that this process did not open.

    That is so in a forked child of a process that writes: HDF5 goes on with the handle it inherited,
    and with what its cache held then.
    """
    own = {place for (_, place), writer in list(_WRITERS.items()) if writer}
    return file.mode != "r" and _place(file.filename) not in own


class Gate:
    """Lets threads read a file outside of h5py's lock, until somebody wants to change it.

    Entering and leaving are single operations on a set, which no other thread can interrupt.
    """

    def __init__(self, file: h5py.File) -> None:
        """Open a gate for `file`, which is open for reading."""
        self._inside: set[int] = set()
        self.shut = False
        self.file = file
        place = _place(file.filename)
        if place is not None:
            _GATES[id(self), place] = self

    def enter(self) -> bool:
        """Let the calling thread in, unless the gate is shut, as it is in a forked child."""
        self._inside.add(get_ident())
        if self.shut:
            self.leave()
            return False
        return True

    def leave(self) -> None:
        """Let the calling thread out."""
        self._inside.discard(get_ident())

    @property
    def busy(self) -> bool:
        """Whether a thread other than this one is inside."""
        return bool(self._inside - {get_ident()})


def shut_gates(file: h5py.File) -> None:
    """Let nobody begin to read through `file`: once it is closed, HDF5 no longer keeps writers away."""
    for gate in list(_GATES.values()):
        if gate.file is file:
            gate.shut = True


@contextmanager
def making_way(path: Any, mode: str) -> Iterator[None]:
    """Close what was lent of the file at `path` before the body opens it to change it.

    No reader opens it again before the body has ended. What is no path has no readers.
    """
    changes = mode in {"a", "r+", "w"}
    if changes:
        _empty_gates(path)
    else:
        phil.acquire()
    try:
        if changes:
            close_readers(path)
        yield
    finally:
        phil.release()


def _empty_gates(path: Any) -> None:
    """Shut the gates of a file, wait until nobody reads it, and take the lock that opening it needs.

    Readers inside a gate may need the lock to finish, so it cannot be held while waiting for them.
    """
    place = _place(path)
    while True:
        gates = [gate for (_, other), gate in list(_GATES.items()) if other == place]
        for gate in gates:
            gate.shut = True
        while any(gate.busy for gate in gates):
            time.sleep(_PATIENCE)
        phil.acquire()
        if all(gate.shut for (_, other), gate in list(_GATES.items()) if other == place):
            return
        phil.release()  # it was opened again in between


def close_readers(path: Any) -> None:
    """Close what was lent of the file at `path`."""
    place = _place(path)
    for (_, other), file in list(_READERS.items()):
        if file and other == place:
            file.close()


def hold_writer(file: h5py.File) -> None:
    """Remember that this process has `file` open to change it."""
    place = _place(file.filename)
    if place is not None:
        _WRITERS[id(file), place] = file


def _place(path: Any) -> Place | None:
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    try:
        status = Path(os.fsdecode(path)).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
