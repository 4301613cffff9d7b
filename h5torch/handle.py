"""One file as a dataset sees it: opened on first use in each process, never carried into another."""

import os
from pathlib import Path
from typing import Any

from h5torch.errors import ArgumentTypeError, StorageError
from h5torch.file import File
from h5torch.memory import h5pyDict
from h5torch.readers import lend, reading
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
        self._path: Path | None = None
        self._given_in = os.getpid()
        self._open: Any = None
        self._opened_in = 0
        if isinstance(file, (str, os.PathLike)):
            self._path = Path(file).absolute()
        elif isinstance(file, h5pyDict):
            self._given = file
        elif isinstance(file, File):
            check_open(file)
            self._given = file
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
            StorageError: another process writes the file, or it lives in another one's memory.
        """
        if isinstance(self._given, h5pyDict):
            return self._given
        pid = os.getpid()
        if self._given and (self._given_in == pid or _lives_in_memory(self._given)):
            return self._given
        if self._opened_in != pid or not self._open:
            self._open = self._fresh()
            self._opened_in = pid
        return self._open

    def _fresh(self) -> File:
        if self._path is None:
            msg = "this dataset's file lives in another process's memory; give Dataset file.to_dict() instead"
            raise StorageError(msg)
        with reading():
            file = File(self._path, warn=False)
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
        if self._open is not None and self._opened_in == os.getpid():
            self._open.close()
        self._open = None

    def __getstate__(self) -> dict[str, Any]:
        """Carry the path, or the data in memory, but no handle."""
        state = {**self.__dict__, "_open": None}
        if isinstance(self._given, File):
            state["_given"] = None
            state["_path"] = None if _lives_in_memory(self._given) else self._path
        return state


class Held:
    """Something that a subclass put in the place of a file: it is used as it is."""

    def __init__(self, root: Any) -> None:
        """Hold it."""
        self.opened = root

    def close(self) -> None:
        """Leave it open: its owner closes it."""


def _lives_in_memory(file: File | h5pyDict) -> bool:
    """Whether an open file is held by this process alone, so that no path leads to it."""
    return isinstance(file, File) and bool(file) and file.driver == "core"
