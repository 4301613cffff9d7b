"""Strata: rows that agree in every column, numbered in the order in which they first come."""

import itertools
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_ids
from splits.errors import SplitError
from splits.recipes.protocol import Columns

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
    joint = np.zeros(n_rows, np.intp)
    for number, key in enumerate(keys):
        if key not in columns:
            msg = f"column {key!r} is not among those given: {', '.join(map(repr, columns)) or 'none'}"
            raise SplitError(msg)
        labels = np.asarray(columns[key])
        _check_labels(labels, key=key, n_rows=n_rows)
        code = _codes(labels)
        joint = _codes(joint * (int(code.max(initial=0)) + 1) + code) if number else code
    sizes = np.bincount(joint).astype(np.int64)
    first = np.empty(len(sizes), np.intp)
    first[joint[::-1]] = np.arange(n_rows)[::-1]  # of several rows of one stratum the last written stays
    by_first = np.argsort(first)
    rank = np.empty_like(by_first)
    rank[by_first] = np.arange(len(by_first))
    return Strata(of_row=rank[joint], first=first[by_first], sizes=sizes[by_first])


def _codes(labels: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Number the distinct labels 0, 1, ... in any order.

    Text is sorted by its hash, many times faster than by its letters; where two labels share a hash, which
    the comparison finds, another hash is taken.
    """
    if labels.dtype.kind not in "US":
        return np.unique(labels, return_inverse=True)[1]
    for attempt in itertools.count():  # pragma: no branch
        hashes = hash_ids(labels, key=derive(attempt, "labels"))
        _, first, code = np.unique(hashes, return_index=True, return_inverse=True)
        if np.array_equal(labels[first][code], labels):  # pragma: no branch - no such labels are known
            break
    return code


def _check_labels(labels: npt.NDArray[Any], *, key: str, n_rows: int) -> None:
    if labels.ndim != 1:
        msg = f"column {key!r} must have one dimension, has shape {labels.shape}; register one label a row"
        raise SplitError(msg)
    if len(labels) != n_rows:
        msg = f"column {key!r} has {len(labels)} rows, the axis has {n_rows}; fill or register it anew"
        raise SplitError(msg)
    if labels.dtype.kind not in "biufcUSmM":
        msg = f"column {key!r} has dtype {labels.dtype}, which holds no labels; use numbers or text"
        raise SplitError(msg)
    if labels.dtype.kind in "US":
        missing, what = np.strings.str_len(labels) == 0, "an empty label"
    else:
        missing, what = labels != labels, "NaN" if labels.dtype.kind in "fc" else "NaT"
    if missing.any():
        row, count = int(np.argmax(missing)), int(np.count_nonzero(missing))
        msg = f"column {key!r} has {what} in row {row} ({count} in all); name the class or drop the rows"
        raise SplitError(msg)
