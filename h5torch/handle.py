"""One file as a dataset sees it: opened on first use in each process, never carried into another."""

import os
from pathlib import Path
from typing import Any

from h5torch.errors import ArgumentTypeError, BusyError, StorageError
from h5torch.file import File
from h5torch.memory import h5pyDict
from h5torch.readers import is_written_elsewhere, lend, reading
from h5torch.wire.stamps import check_open


class Handle:
    """Where the data come from, and the handle that this process reads them with.

    A path is opened here and closed by `close`. A `File` that was given serves the process it was
    opened in, and stays open; other processes open its path. A dict from `File.to_dict` travels.
    """

    def __init__(self, file: Any) -> None:
        """Hold a path, an open `File`, or what `File.to_dict` gave.

        Raises:
            ArgumentTypeError: anything else.
        """
        self._given: File | h5pyDict | None = None
        self._given_in = os.getpid()
        self._path: Path | None = None
        self._own: tuple[int, File] | None = None  # what this process opened, and its number
        if isinstance(file, str | os.PathLike):
            self._path = Path(file).absolute()
        elif isinstance(file, h5pyDict):
            self._given = file
        elif isinstance(file, File):
            check_open(file)
            self._given = file
            if file.driver not in {"core", "fileobj"}:  # these live in this process's memory
                self._path = Path(file.filename).absolute()
        else:
            msg = (
                "Dataset: file must be a path, an h5torch.File, or what File.to_dict() gave, found "
                f"{type(file).__name__}"
            )
            raise ArgumentTypeError(msg)

    @property
    def opened(self) -> Any:
        """The file, or dict, for this process; it is opened where it is not open yet.

        Raises:
            StorageError: it lived in another process's memory, or was closed there.
            BusyError: another process writes the file.
        """
        if isinstance(self._given, h5pyDict):
            return self._given
        if self._given and (self._given_in == os.getpid() or self._path is None):
            return self._given
        own = self._opened()
        if own is None:
            with reading():  # one thread opens it: a file that nobody keeps would hold its handle for a while
                own = self._opened() or self._fresh()
                self._own = (os.getpid(), own)
        return own

    def _opened(self) -> File | None:
        """Return the file if this process has it open."""
        pid, file = self._own or (None, None)
        return file if file and pid == os.getpid() else None

    def _fresh(self) -> File:
        if self._path is None:
            msg = (
                "this dataset's file lives in another process's memory, or was closed; give Dataset "
                "file.to_dict() instead"
            )
            raise StorageError(msg)
        with reading():
            file = File(self._path, warn=False)
            if is_written_elsewhere(file):
                file.close()
                msg = f"{self._path}: the process that forked this one writes it; close that File first"
                raise BusyError(msg)
            lend(file)
        return file

    def load(self) -> None:
        """Read the whole file into memory and let go of it."""
        if not isinstance(self._given, h5pyDict):
            copy = self.opened.to_dict()
            self.close()
            self._given = copy

    def close(self) -> None:
        """Close what this process opened itself."""
        if self._own is not None and self._own[0] == os.getpid():
            self._own[1].close()
        self._own = None

    def __getstate__(self) -> dict[str, Any]:
        """Carry the path, or the data in memory, but no handle."""
        given = None if isinstance(self._given, File) else self._given
        return {**self.__dict__, "_own": None, "_given": given}


class Held:
    """Something that a subclass put in the place of a file: it is used as it is."""

    def __init__(self, root: Any) -> None:
        """Hold it."""
        self.opened = root

    def close(self) -> None:
        """Leave it open: its owner closes it."""
