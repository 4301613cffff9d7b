"""Strata: rows that agree in every column, numbered in the order in which they first come."""

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from splits.dealing.numbering import number_rows
from splits.dealing.picking import flat_column
from splits.errors import SplitError
from splits.frame import Columns

__all__ = ["Strata", "find_strata"]


@attrs.frozen(kw_only=True, eq=False)
class Strata:
    """Which stratum each row belongs to; names of labels have gone.

    Attributes:
        of_row: Stratum of each row, shape `(n_rows,)`, numbered by first row.
        first: First row of each stratum, shape `(n_strata,)`, ascending.
        sizes: Number of rows of each stratum, shape `(n_strata,)`.
    """

    of_row: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.int64]


def find_strata(columns: Columns, keys: tuple[str, ...], n_rows: int) -> Strata:
    """Number the combinations of labels in the columns `keys`.

    Args:
        columns: One-dimensional columns of numbers, bools, text or times, by key.
        keys: Those that count, at least one.
        n_rows: Length that each must have.

    Raises:
        SplitError: a column is missing, has another shape, or holds NaN, NaT or an empty label.
    """
    labels = {
        key: flat_column(columns, key, n_rows, kinds="biufcUSmM", use="numbers or text") for key in keys
    }
    of_row, first = number_rows(list(labels.values()), n_rows)
    for key, column in labels.items():
        if _missing(column[first]).any():
            _refuse_missing(column, key)
    sizes = np.bincount(of_row, minlength=len(first)).astype(np.int64)
    return Strata(of_row=of_row, first=first, sizes=sizes)


def _missing(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say which labels are none; asked of one row of each stratum before it is asked of all rows."""
    missing: npt.NDArray[np.bool_] = (
        np.strings.str_len(labels) == 0 if labels.dtype.kind in "US" else labels != labels
    )
    return missing


def _refuse_missing(labels: npt.NDArray[Any], key: str) -> None:
    kind = labels.dtype.kind
    what = "an empty label" if kind in "US" else "NaN" if kind in "fc" else "NaT"
    missing = _missing(labels)
    row, count = int(np.argmax(missing)), int(np.count_nonzero(missing))
    msg = f"column {key!r} has {what} in row {row} ({count} in all); name the class or drop the rows"
    raise SplitError(msg)
