"""Paths that are read and written: what lies there, and files that come to lie there whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from h5torch.errors import ArgumentTypeError, H5torchError, RegisterError, StorageError
from splits.interchange.showing import named, shown

__all__ = ["as_path", "check_source", "new_files", "reading"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def as_path(place: object, *, what: str) -> Path:
    """Return a path that the file system can be asked for.

    Args:
        place: What was given for it.
        what: The argument, for messages.

    Raises:
        ArgumentTypeError: it is no path of text, or holds what no path can hold.
    """
    text = os.fspath(place) if isinstance(place, str | os.PathLike) else place
    if not isinstance(text, str):
        msg = f"{what} must be a path, str or pathlib.Path, got {shown(place)} ({type(place).__name__})"
        raise ArgumentTypeError(msg)
    try:
        odd = "a NUL" if b"\0" in os.fsencode(text) else ""
    except UnicodeEncodeError:
        odd = "half a character"
    if odd:
        msg = f"{what}, {shown(text)}, is no path: it holds {odd}"
        raise ArgumentTypeError(msg)
    return Path(text)


def check_source(path: Path, *, beside: str = "") -> None:
    """Refuse what is no file to be read.

    Args:
        path: Where it lies.
        beside: What follows where there is nothing, for messages.

    Raises:
        StorageError: there is nothing, something else than a file, or the file system does not tell.
    """
    found = _look(path)
    if found is None:
        msg = f"{named(path)}: no such file{beside}"
        raise StorageError(msg)
    if not stat.S_ISREG(found.st_mode):
        msg = f"{named(path)}: is {_kind(found)} and no file; give the path of a file"
        raise StorageError(msg)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say which file cannot be read.

    Raises:
        StorageError: the file system refuses.
    """
    try:
        yield
    except H5torchError:
        raise
    except OSError as error:
        msg = f"{named(path)}: cannot be read ({_reason(error)})"
        raise StorageError(msg) from error


@contextmanager
def new_files(targets: Sequence[Path], *, source: Path | None, overwrite: bool) -> Iterator[list[Path]]:
    """Give places to write files at, beside their targets; afterwards they are there, or nothing is.

    Args:
        targets: Where they are to be, all in one folder.
        source: The file that is told of, which they must not replace; `None` where there is none.
        overwrite: Whether files that are there are replaced.

    Raises:
        RegisterError: there is no such folder, two targets are one, a target is the source or no file, or
            exists and `overwrite` is false.
        StorageError: the file system refuses.
    """
    asked = targets[-1]
    folder = asked.absolute().parent
    if len(set(targets)) < len(targets):
        msg = f"{named(asked)}: two files would be called so; give the document another suffix, such as .json"
        raise RegisterError(msg)
    found = _look(folder)
    if found is None or not stat.S_ISDIR(found.st_mode):
        msg = f"{named(asked)}: there is no such folder; make it first"
        raise RegisterError(msg)
    _check_targets(targets, source=source, overwrite=overwrite)
    try:
        with tempfile.TemporaryDirectory(prefix=".h5torch-export-", dir=folder) as draft:
            places = [Path(draft) / target.name for target in targets]
            yield places
            _check_targets(targets, source=source, overwrite=overwrite)  # others may have come meanwhile
            for place, target in zip(places, targets, strict=True):
                place.replace(target)
    except H5torchError:
        raise
    except OSError as error:
        msg = f"{named(asked)}: cannot be written ({_reason(error)}); choose another place"
        raise StorageError(msg) from error


def _check_targets(targets: Sequence[Path], *, source: Path | None, overwrite: bool) -> None:
    data = None if source is None else _look(source)
    for target in targets:
        found = _look(target)
        if found is None:
            continue
        if data is not None and os.path.samestat(found, data):
            msg = f"{named(target)}: is the file that holds the split, and would be lost; give another name"
            raise RegisterError(msg)
        if not stat.S_ISREG(found.st_mode):
            msg = f"{named(target)}: is {_kind(found)}, which no file may replace; choose another name"
            raise RegisterError(msg)
        if not overwrite:
            msg = f"{named(target)}: exists; overwrite it with overwrite=True, or choose another name"
            raise RegisterError(msg)


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:  # a NUL, or half a character
        return None
    except OSError as error:
        msg = f"{named(path)}: cannot be looked at ({_reason(error)})"
        raise StorageError(msg) from error


def _kind(found: os.stat_result) -> str:
    return next((told for is_so, told in _KINDS if is_so(found.st_mode)), "something else")


def _reason(error: OSError) -> str:
    """Return what the system says, without the names of drafts."""
    return error.strerror or named(error)
