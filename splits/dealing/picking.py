"""One column out of those that a recipe is given, checked."""

from typing import Any

import numpy as np
import numpy.typing as npt

from splits.errors import SplitError
from splits.frame import Columns

__all__ = ["flat_column", "pick"]


def pick(columns: Columns, key: str) -> npt.NDArray[Any]:
    """Return a column by its key.

    Raises:
        SplitError: it is missing.
    """
    if key not in columns:
        msg = f"column {key!r} is not among those given: {', '.join(map(repr, columns)) or 'none'}"
        raise SplitError(msg)
    return np.asarray(columns[key])


def flat_column(columns: Columns, key: str, n_rows: int, *, kinds: str, use: str) -> npt.NDArray[Any]:
    """Return a column of one value a row.

    Args:
        columns: Columns by key.
        key: The one that is wanted.
        n_rows: Length that it must have.
        kinds: Kinds of NumPy dtypes that will do; text that comes as objects or strings of any length is `U`.
        use: What to use in place of others, for messages.

    Raises:
        SplitError: it is missing, has another shape, or is of another kind.
    """
    column = pick(columns, key)
    if column.ndim != 1:
        msg = f"column {key!r} must have one dimension, has shape {column.shape}; register one value a row"
        raise SplitError(msg)
    if len(column) != n_rows:
        msg = f"column {key!r} has {len(column)} rows, the axis has {n_rows}; fill or register it anew"
        raise SplitError(msg)
    if column.dtype.kind in "OT" and all(isinstance(value, str) for value in column):
        column = np.array(column.tolist(), np.str_)
    if column.dtype.kind not in kinds or (column.dtype.kind == "f" and column.dtype.itemsize > 8):
        msg = f"column {key!r} has dtype {column.dtype}, which does not do here; use {use}"
        raise SplitError(msg)
    return column
