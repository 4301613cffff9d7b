"""Files that are at their places whole and together, or of which there is no trace."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from h5torch.errors import RegisterError

__all__ = ["new_files"]


@contextmanager
def new_files(targets: Sequence[Path], *, overwrite: bool) -> Iterator[list[Path]]:
    """Give places to write files at, beside their targets; afterwards they are there, or nothing is.

    Args:
        targets: Where they are to be, all in one folder.
        overwrite: Whether files that are there are replaced.

    Raises:
        RegisterError: there is no such folder, a target is a folder, or exists and `overwrite` is false.
    """
    folder = targets[0].absolute().parent
    if not folder.is_dir():
        msg = f"{targets[0]}: there is no such folder; make it first"
        raise RegisterError(msg)
    for target in targets:
        if target.is_dir() or (target.exists() and not overwrite):
            told = "is a folder" if target.is_dir() else "exists; overwrite it with overwrite=True, or"
            msg = f"{target}: {told} choose another name"
            raise RegisterError(msg)
    with tempfile.TemporaryDirectory(prefix=".h5torch-export-", dir=folder) as draft:
        places = [Path(draft) / target.name for target in targets]
        yield places
        for place, target in zip(places, targets, strict=True):
            place.replace(target)
