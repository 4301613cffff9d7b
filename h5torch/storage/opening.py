"""Which reader each array of a file gets."""

from typing import Any, Literal, TypeAlias, get_args

import h5py

from h5torch.errors import ArgumentTypeError, StorageError
from h5torch.storage.bytes import FileBytes, MapBytes, PreadBytes
from h5torch.storage.direct import direct_source
from h5torch.storage.extents import Opaque
from h5torch.storage.mapping import check_sources
from h5torch.storage.ports import Source
from h5torch.storage.sources import H5Source, plain_source

ReaderName: TypeAlias = Literal["auto", "map", "pread", "h5py"]
READERS: tuple[ReaderName, ...] = get_args(ReaderName)


def check_reader(reader: object) -> ReaderName:
    """Return the name of a reader if it is one.

    Raises:
        ArgumentTypeError: it is not.
    """
    for known in READERS:
        if reader == known:
            return known
    msg = f"reader={reader!r}: give one of {', '.join(map(repr, READERS))}"
    raise ArgumentTypeError(msg)


class Opener:
    """Opens the arrays of one file, each by the fastest reader that can.

    Attributes:
        by_h5py: Whether one of them is read through h5py, and so through the open file.
    """

    def __init__(self, reader: ReaderName) -> None:
        """Prepare to open arrays by `reader`."""
        self.by_h5py = False
        self._reader = reader
        self._files: dict[str, FileBytes] = {}

    def __call__(self, node: Any) -> Source:
        """Return a source for a dataset of an open file, or for an array in memory.

        Raises:
            FormatError: the file says of itself what cannot be.
            StorageError: the file cannot be opened once more, or be mapped where that was asked for.
        """
        if not isinstance(node, h5py.Dataset):
            return plain_source(node)
        if self._reader == "h5py":
            self.by_h5py = True
            check_sources(node)  # HDF5 would show fill values in the place of a file that is gone
            return H5Source(node)
        source = direct_source(node, bytes_of=self._bytes_of)
        if isinstance(source, Opaque):
            self.by_h5py = True
            return H5Source(node, source.reason)
        return source

    def _bytes_of(self, path: str) -> FileBytes:
        if path not in self._files:
            self._files[path] = self._open(path)
        return self._files[path]

    def _open(self, path: str) -> FileBytes:
        if self._reader == "pread":
            return PreadBytes(path)
        try:
            return MapBytes(path)
        except StorageError:
            if self._reader == "map":
                raise
            return PreadBytes(path)
