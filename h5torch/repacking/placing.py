"""A new file that is at its place whole, or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from h5torch.errors import RegisterError, StorageError
from h5torch.file import File


def check_places(source: Path, target: Path, *, overwrite: bool) -> None:
    """Refuse a target that is the source, is taken, or lies in no folder.

    Raises:
        StorageError: there is no such source, or no folder for the target.
        RegisterError: the target is the source, is a folder, or exists and `overwrite` is false.
    """
    if not source.is_file():
        msg = f"{source}: no such file"
        raise StorageError(msg)
    if target.exists() and target.samefile(source):
        msg = f"{target}: is the file to be repacked; give another name, and rename it afterwards"
        raise RegisterError(msg)
    if target.is_dir() or not target.parent.is_dir():
        problem = "is a folder" if target.is_dir() else "there is no such folder"
        msg = f"{target}: {problem}; give the name of a new file"
        raise RegisterError(msg)
    if target.exists() and not overwrite:
        msg = f"{target}: exists; choose another name, or overwrite it (overwrite=True, --overwrite)"
        raise RegisterError(msg)


def check_disk(target: Path, needed: int) -> None:
    """Refuse before the first byte what the disk cannot hold.

    Raises:
        StorageError: fewer than `needed` bytes are free.
    """
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        msg = (
            f"{target}: needs {needed:,} bytes, the disk has {free:,} free; make room, write to another "
            "disk, or compress (use='size', --for size)"
        )
        raise StorageError(msg)


@contextlib.contextmanager
def new_file(target: Path, *, overwrite: bool, aligned: bool, ordered: bool) -> Iterator[File]:
    """Give a file to write into; afterwards it is at its place, or there is no trace of it.

    Args:
        target: Its place.
        overwrite: Whether what is there is replaced.
        aligned: Whether arrays begin at multiples of 64 bytes.
        ordered: Whether the root keeps the order of its members.

    Raises:
        RegisterError: something came to lie at its place meanwhile.
        StorageError: the disk or the file system failed.
    """
    target = Path(os.path.realpath(target))
    draft = target.parent / f".h5torch-repack-{secrets.token_hex(8)}"
    options: dict[str, Any] = {"rdcc_nbytes": _CACHE_BYTES, "rdcc_nslots": _CACHE_SLOTS}
    options |= {} if aligned else {"alignment_interval": 1}
    options |= {"track_order": True} if ordered else {}
    try:
        with File(draft, "x", **options) as file:
            yield file
        _sync(draft)
        if target.exists() and not overwrite:
            msg = f"{target}: was made meanwhile; choose another name, or overwrite it"
            raise RegisterError(msg)
        draft.replace(target)
        _sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


_CACHE_BYTES = 1 << 23  # a chunk that two blocks share is compressed once
_CACHE_SLOTS = 1009


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":
        return  # a folder cannot be opened there
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
