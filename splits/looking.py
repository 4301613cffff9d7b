"""Parts of a stored split as masks, indices and folds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from h5torch.errors import UnknownNameError
from h5torch.file import opened
from h5torch.folds import Folds, fold_of_path
from h5torch.parts import Parts
from h5torch.wire.parts import read_parts, read_split
from h5torch.wire.stamps import Source
from splits.errors import SplitError
from splits.store import Place, load

__all__ = ["describe", "folds", "indices", "mask"]


def mask(f: Source | Place, name: str, part: str) -> npt.NDArray[np.bool_]:
    """Return one bool a row of the split's axis, True where the row belongs to a part.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: Name of the split, `main`; or a fold of it, `cv/3`.
        part: Name of the part.

    Raises:
        UnknownNameError: the file has no such split, the split no such fold or part.
        FormatError: the split does not hold what it must.
    """
    with opened(f, "r") as file:
        return read_parts(file, name).mask(part)


def indices(f: Source | Place, name: str, part: str) -> npt.NDArray[np.intp]:
    """Return the row numbers of a part, ascending; with the arguments and errors of `mask`."""
    return np.flatnonzero(mask(f, name, part))


def folds(f: Source | Place, name: str) -> Iterator[Parts]:
    """Return the folds of a split one by one, each a split of its own.

    >>> for fold in splits.folds("cells.h5t", "cv"):
    ...     train = h5torch.Dataset("cells.h5t", split=f"{fold.name}/train")

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: Name of the split, `cv`; of nested folds also `cv/3`, for the folds within outer fold 3.

    Returns:
        Records with `name` (`cv/0`, `cv/1`, …), `parts`, `counts`, `mask(part)` and `rows(part)`.

    Raises:
        UnknownNameError: the file has no such split or fold.
        SplitError: the split has parts and no folds.
        FormatError: the split does not hold what it must.
    """
    plain, numbers = fold_of_path(name)
    with opened(f, "r") as file:
        found = read_split(file, plain)
    if not isinstance(found, Folds):
        msg = f"split {name!r} has parts {', '.join(map(repr, found.parts))} and no folds"
        raise SplitError(msg)
    if len(numbers) > 1:
        found.fold(*numbers)
        msg = f"split {name!r} is one fold; there are no folds within it"
        raise UnknownNameError(msg)
    return found.all_folds(*numbers)


def describe(f: Source | Place, name: str, labels: npt.NDArray[Any] | None = None) -> str:
    """Tell in a few lines what a stored split is and how it came out; see `Split.describe`.

    Raises:
        UnknownNameError: the file has no such split.
        FormatError: the split does not hold what it must.
        SplitError: `labels` has another shape.
    """
    return load(f, name).describe(labels)
