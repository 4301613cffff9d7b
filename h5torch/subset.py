"""Which rows a dataset draws from: masks, indices, regular expressions, windows. Pure."""

import operator
import re
from typing import Any

import attrs
import numpy as np

from h5torch.errors import ArgumentTypeError, RowError, SubsetError
from h5torch.rows import Array, Rows, as_rows


def rows_of_subset(subset: Any, *, n_rows: int) -> Rows:
    """Turn a mask or indices into row numbers.

    Args:
        subset: Booleans, shape `(n_rows,)`, or integers of any order, repeats allowed.
        n_rows: Number of rows there are.

    Returns:
        Row numbers in the order given (a mask: ascending), shape `(n,)`.

    Raises:
        SubsetError: a mask of another length, or neither booleans nor integers.
        RowError: an index out of range.
    """
    asked = _as_array(subset, what="subset")
    if asked.ndim != 1:
        msg = f"subset: must be one list of indices or one mask, found shape {asked.shape}"
        raise SubsetError(msg)
    if asked.dtype.kind == "b":
        if len(asked) != n_rows:
            msg = f"subset: the mask has {len(asked)} entries for {n_rows} rows; make one entry a row"
            raise SubsetError(msg)
        return np.flatnonzero(asked)
    if asked.size and asked.dtype.kind not in "iu":
        msg = (
            f"subset: found values of {asked.dtype}; give integers, booleans, or a pair "
            "(key, regular expression)"
        )
        raise SubsetError(msg)
    return np.array(as_rows(asked, n_rows=n_rows, what="subset"))


def _as_array(asked: Any, *, what: str) -> Array:
    try:
        return np.asarray(asked)
    except ValueError as error:
        msg = f"{what}: found rows of different length ({error})"
        raise SubsetError(msg) from error


def rows_matching(labels: Array, pattern: str | re.Pattern[str], *, key: str, n_rows: int) -> Rows:
    """Return the rows whose label begins with a match of `pattern`, as `re.match` means it.

    Args:
        labels: Text, shape `(n_rows,)`.
        pattern: A regular expression; `"val"` also matches `"val_sub"`, `"val$"` does not.
        key: Key of the labels, for messages.
        n_rows: Number of rows there are.

    Raises:
        SubsetError: wrong number of labels, a broken pattern, or nothing matches.
    """
    if labels.shape != (n_rows,):
        msg = f"subset: {key!r} has shape {labels.shape}, one label for each of {n_rows} rows is needed"
        raise SubsetError(msg)
    try:
        matches = re.compile(pattern).match
    except re.error as error:
        msg = f"subset: {pattern!r} is not a regular expression ({error})"
        raise SubsetError(msg) from error
    names, place = np.unique(labels, return_inverse=True)
    rows = np.flatnonzero(np.array([bool(matches(name)) for name in names.tolist()])[place])
    if not len(rows):
        shown = ", ".join(repr(name) for name in names[:8].tolist())
        msg = f"subset: {pattern!r} matches none of {len(names)} labels of {key!r}, such as {shown}"
        raise SubsetError(msg)
    return rows


def intersect(subset: Rows, part: Rows) -> Rows:
    """Keep those rows of `subset` that lie in `part`, in the order of `subset`."""
    return subset[np.isin(subset, part)]


@attrs.frozen(kw_only=True)
class EvenWindows:
    """Windows of `size` rows that begin at every `step`-th row: no list of them is kept."""

    count: int
    size: int
    step: int

    def __len__(self) -> int:
        """Return the number of windows."""
        return self.count

    def bounds(self, positions: Rows) -> Array:
        """Return starts and stops of the windows at some positions, shape `(n, 2)`."""
        starts = positions * self.step
        return np.stack([starts, starts + self.size], axis=1)


@attrs.frozen(kw_only=True, eq=False)
class ListedWindows:
    """Windows given by their starts and stops, shape `(n_windows, 2)`."""

    listed: Array

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.listed)

    def bounds(self, positions: Rows) -> Array:
        """Return starts and stops of the windows at some positions, shape `(n, 2)`."""
        return np.asarray(self.listed[positions])


def windows_of_size(n_rows: int, *, size: int, overlap: int) -> EvenWindows:
    """Cut rows into windows of `size` that share `overlap` rows; an incomplete last one is left out.

    Raises:
        SubsetError: a size below 1, or an overlap that does not let windows move on.
        ArgumentTypeError: a size or overlap that is no whole number.
    """
    try:
        size, overlap = operator.index(size), operator.index(overlap)
    except TypeError as error:
        msg = f"windows: window_size and overlap are whole numbers, found {size!r} and {overlap!r}"
        raise ArgumentTypeError(msg) from error
    if size < 1 or not 0 <= overlap < size:
        msg = f"windows: need window_size ≥ 1 and 0 ≤ overlap < window_size, found {size} and {overlap}"
        raise SubsetError(msg)
    step = size - overlap
    return EvenWindows(count=max(0, (n_rows - size) // step + 1), size=size, step=step)


def check_windows(windows: Any, *, n_rows: int) -> Array:
    """Return explicit windows as an integer array `(n_windows, 2)`.

    Raises:
        SubsetError: another shape, no integers, or a stop before its start.
        RowError: a window outside the rows.
    """
    asked = _as_array(windows, what="window_indices")
    if asked.ndim != 2 or asked.shape[1] != 2 or (asked.size and asked.dtype.kind not in "iu"):
        msg = f"window_indices: must be integers of shape (windows, 2), found {asked.dtype} {asked.shape}"
        raise SubsetError(msg)
    asked = asked.astype(np.intp)
    empty = asked[:, 1] <= asked[:, 0]
    outside = (asked < 0) | (asked > n_rows)
    if outside.any():
        at = int(np.argmax(outside.any(axis=1)))
        msg = f"window_indices: window {at}, {asked[at].tolist()}, lies outside the {n_rows} rows"
        raise RowError(msg)
    if empty.any():
        at = int(np.argmax(empty))
        msg = f"window_indices: window {at}, {asked[at].tolist()}, holds no row; a stop is not included"
        raise SubsetError(msg)
    return asked
