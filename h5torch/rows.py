"""Row numbers: what may be asked for, and what it means."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from h5torch.errors import ArgumentTypeError, RowError

Rows: TypeAlias = NDArray[np.intp]
Array: TypeAlias = NDArray[Any]
_INTP = np.dtype(np.intp)


def as_rows(indices: ArrayLike | Sequence[int], *, n_rows: int, what: str) -> Rows:
    """Turn indices as Python means them into row numbers in `[0, n_rows)`.

    Args:
        indices: Integers of any kind, shape `(n,)`; negative ones count from the end.
        n_rows: Number of rows there are.
        what: Name of the thing indexed, for the message.

    Returns:
        Row numbers, shape `(n,)`, in the order asked, repeats kept; `indices` itself if it was that.

    Raises:
        ArgumentTypeError: something else than integers (booleans are a mask, not indices).
        RowError: an index lies outside `[-n_rows, n_rows)`.
    """
    try:
        asked = np.asarray(indices)
    except ValueError as error:
        msg = f"{what}: indices must be a flat list of integers ({error})"
        raise ArgumentTypeError(msg) from error
    if is_plain(asked) and np.maximum.reduce(asked.view(np.uintp)) < n_rows:  # a negative one is the largest
        return asked
    if asked.size == 0:
        asked = asked.astype(np.intp)
    if asked.dtype.kind not in "iu" or asked.ndim > 1:
        msg = (
            f"{what}: indices must be a flat list of integers, found {asked.dtype} of shape "
            f"{asked.shape}; a boolean mask goes to `subset=`"
        )
        raise ArgumentTypeError(msg)
    asked = np.atleast_1d(asked)
    if asked.size and (int(asked.min()) < -n_rows or int(asked.max()) >= n_rows):
        wrong = asked[(asked < -n_rows) | (asked >= n_rows)][0]
        msg = f"{what}: index {wrong} is out of range for {n_rows} rows; indices lie in [{-n_rows}, {n_rows})"
        raise RowError(msg)
    rows = asked.astype(np.intp)
    return np.where(rows < 0, rows + n_rows, rows)


def is_plain(indices: object) -> bool:
    """Whether positions are what samplers give: NumPy's own integers, one axis, at least one."""
    if type(indices) is not np.ndarray:
        return False
    return indices.dtype == _INTP and indices.ndim == 1 and len(indices) > 0


def outside(values: Array, limit: int) -> bool:
    """Whether one of some integers lies outside `[0, limit)`.

    Args:
        values: Integers of any width, any shape.
        limit: One more than the largest allowed.
    """
    if not values.size:
        return False
    dtype = values.dtype
    if dtype.isnative and limit <= 1 << (
        8 * dtype.itemsize - 1
    ):  # a negative number, seen unsigned, is large
        return int(np.maximum.reduce(values.view(f"u{dtype.itemsize}"), axis=None)) >= limit
    return int(values.min()) < 0 or int(values.max()) >= limit


def read_only(array: Array) -> Array:
    """Return a copy of `array` that nobody can change, for use inside a record."""
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
