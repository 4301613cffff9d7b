"""Columns of a file as recipes see them, and how many rows of an axis there are to deal."""

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.file import File
from h5torch.layouts import CooLayout, DenseLayout
from h5torch.parts import Axis
from h5torch.view import View
from splits.errors import SplitError
from splits.frame import Columns
from splits.keys import COO, SHAPE, axis_of, index_key

__all__ = ["Extent", "extent_of", "first_rows", "missing_keys", "read_column", "read_columns"]


@attrs.frozen(kw_only=True)
class Extent:
    """How long an axis is.

    Attributes:
        length: Rows of the axis; for `"coo"` elements of the central object.
        filled: Of these, how many have been filled in. Those behind belong to no part yet.
    """

    length: int
    filled: int


def extent_of(file: File, axis: Axis) -> Extent:
    """Return how long an axis of a file is.

    Raises:
        SplitError: the central object has no such axis, or is not sampled by elements.
    """
    central = file.schema.central
    if axis == "coo":
        if isinstance(central, CooLayout):
            return Extent(length=central.n_stored, filled=central.n_stored)
        if not isinstance(central, DenseLayout):
            msg = (
                f"the central object has mode {central.mode!r}, which has no elements to draw; split an axis"
            )
            raise SplitError(msg)
        per_row = int(np.prod(central.shape[1:], dtype=np.int64))
        return Extent(length=central.shape[0] * per_row, filled=central.filled_to * per_row)
    shape = file.schema.shape
    if axis >= len(shape):
        msg = f"axis {axis} of the recipe is none of the central object's, which has shape {shape}"
        raise SplitError(msg)
    return Extent(length=shape[axis], filled=central.filled_to if axis == 0 else shape[axis])


def read_columns(file: File, keys: Iterable[str], *, axis: Axis, n_rows: int) -> dict[str, npt.NDArray[Any]]:
    """Read the columns that a recipe needs: of its own axis the first `n_rows` rows, of others all.

    Raises:
        UnknownNameError: the file lacks a column.
        SplitError: a column has fewer rows filled than there are to deal.
    """
    columns, wanted, central = {}, tuple(keys), file.schema.central
    if {SHAPE, index_key(0)} <= {*wanted} and central.filled_to < central.n_rows:
        found = f"axis 0 has {central.filled_to} of {central.n_rows} rows filled in"
        msg = f"{found}, and entities of an axis are dealt when all are there; append the others first"
        raise SplitError(msg)
    for key in wanted:
        own = key == SHAPE or axis_of(key) == axis
        _check_filled(file, key, n_rows=n_rows if own else extent_of(file, axis_of(key)).filled)
        columns[key] = read_column(file, key)
    return first_rows(columns, axis=axis, n_rows=n_rows)


def missing_keys(file: File, keys: Iterable[str]) -> tuple[str, ...]:
    """Return those keys of columns that the file does not hold."""
    objects = file.schema.objects
    plain = {key: key.removeprefix(COO) for key in keys if key != SHAPE}
    return tuple(key for key, inner in plain.items() if not inner.isdecimal() and inner not in objects)


def first_rows(columns: Columns, *, axis: Axis, n_rows: int) -> dict[str, npt.NDArray[Any]]:
    """Return columns of which those that describe rows of `axis` are cut to the first `n_rows`."""
    return {
        key: column[:n_rows] if key != SHAPE and axis_of(key) == axis else column
        for key, column in columns.items()
    }


def read_column(file: File, key: str) -> npt.NDArray[Any]:
    """Read one column by a key of `splits.keys`: of an axis, of elements, or the shape of the central object.

    Returns:
        A row for each row of the axis, those not filled in included. Text as `U`.

    Raises:
        UnknownNameError: the file lacks it.
        SplitError: it describes elements, and the central object is not sampled by element.
    """
    if key == SHAPE:
        return np.array(file.schema.shape, np.int64)
    if not key.startswith(COO):
        return _plain_text(file.column(key))
    inner = key.removeprefix(COO)
    if inner == "central":
        values: npt.NDArray[Any] = file.column(inner).reshape(-1)
        return values
    if not inner.isdecimal():
        seen: npt.NDArray[Any] = read_column(file, inner)[read_column(file, index_key(int(axis_of(inner))))]
        return seen
    extent_of(file, "coo")
    central, place = file.schema.central, int(inner)
    if place >= len(central.shape):
        msg = f"{key!r}: the central object has shape {central.shape} and no axis {place}"
        raise SplitError(msg)
    if isinstance(central, CooLayout):
        (found,) = View(file, file.schema).sources("central")["indices"].slices([place], [place + 1])
        return np.asarray(found[0, : central.n_stored], np.int64)
    strides = int(np.prod(central.shape[place + 1 :], dtype=np.int64))
    before = int(np.prod(central.shape[:place], dtype=np.int64))
    return np.tile(np.repeat(np.arange(central.shape[place]), strides), before)


def _check_filled(file: File, key: str, *, n_rows: int) -> None:
    """Refuse a column of rows that are to be dealt and are not filled in."""
    layout = None if key.startswith(COO) or key == SHAPE else file.schema.objects.get(key)
    if layout is None or layout.filled_to >= min(n_rows, layout.n_rows):
        return
    found = f"column {key!r} has {layout.filled_to} rows filled in"
    msg = f"{found}, there are {n_rows} to deal; append the others first"
    raise SplitError(msg)


def _plain_text(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return text of any length, which comes as objects, in the dtype that recipes know."""
    is_text = column.dtype.kind == "O" and all(isinstance(label, str) for label in column.flat)
    return column.astype(np.str_) if is_text and column.size else column
