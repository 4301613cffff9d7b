"""Quantile bins: a continuous column cut into classes of nearly equal size."""

from typing import Any

import numpy as np
import numpy.typing as npt

from splits.errors import SplitError

__all__ = ["quantile_bins"]


def quantile_bins(column: npt.NDArray[Any], n_bins: int, *, key: str) -> npt.NDArray[np.intp]:
    """Cut a column into bins of nearly equal numbers of rows; equal values always share a bin.

    Only the order of values counts: a value of which `r` rows are smaller goes to bin `r * n_bins // n_rows`.

    Args:
        column: Numbers or times, shape `(n_rows,)`.
        n_bins: Number of bins, at least 2.
        key: Key of the column, for messages.

    Returns:
        The bin of each row. Where values repeat much, some bins are empty and their neighbours larger.

    Raises:
        SplitError: the column is no column of numbers or times, or holds NaN or NaT.
    """
    if column.ndim != 1 or column.dtype.kind not in "biufmM":
        msg = f"bins need one number or time a row, {key!r} has {column.dtype} of shape {column.shape}"
        raise SplitError(msg)
    missing = np.flatnonzero(column != column)
    if missing.size:
        msg = (
            f"column {key!r} has no value in row {missing[0]} ({missing.size} in all); fill or drop the rows"
        )
        raise SplitError(msg)
    order = np.argsort(column, kind="stable")
    ranked = column[order]
    is_new = np.ones(len(column), np.bool_)
    is_new[1:] = ranked[1:] != ranked[:-1]
    smaller = np.maximum.accumulate(np.where(is_new, np.arange(len(column)), 0))
    bins = np.empty(len(column), np.intp)
    bins[order] = smaller * n_bins // max(1, len(column))
    return bins
