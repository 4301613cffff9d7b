"""The errors that h5torch raises: one base, each kind also the built-in that callers catch.

A message says what was asked, what was found and what to do about it.
"""


class H5torchError(Exception):
    """Base of every error raised on purpose by `h5torch`, `splits` and `samplers`."""


class FormatError(H5torchError, ValueError):
    """A file does not hold what its attributes promise; every problem is listed with its path."""


class RegisterError(H5torchError, ValueError):
    """Data cannot be registered or appended as asked."""


class ConversionError(RegisterError):
    """Values would not survive the asked change of dtype."""


class ArgumentTypeError(H5torchError, TypeError):
    """An argument has a type that no rule covers."""


class RowError(H5torchError, IndexError):
    """A row number lies outside the rows there are."""


class UnknownNameError(H5torchError, KeyError):
    """A name (object, column, split, part, sampler) is not in the file."""

    def __str__(self) -> str:
        """Return the message as written; `KeyError` alone would show it quoted."""
        return str(self.args[0]) if self.args else ""


class SubsetError(H5torchError, ValueError):
    """A subset, split or set of windows does not fit the rows of its dataset."""


class ReadOnlyError(H5torchError, OSError):
    """A change was asked of a file that is open for reading only."""


class StorageError(H5torchError, OSError):
    """The disk, the file system or HDF5 refused to read or write bytes."""


class BusyError(StorageError, BlockingIOError):
    """Another handle has the file open in a way that excludes this one."""
