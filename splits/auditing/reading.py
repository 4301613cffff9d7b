"""Columns as an audit needs them, read block by block: hashes, numbers, single values, drawn rows."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from h5torch.batch import Column, DenseColumn
from h5torch.keyed import derive
from h5torch.layouts import CooLayout, CsrLayout, DenseLayout, Layout
from h5torch.parts import Axis
from h5torch.printed import printable
from h5torch.schema import CENTRAL, is_axis
from h5torch.view import View
from h5torch.wire.schema import read_schema
from splits.auditing.duplicates import equal_values
from splits.auditing.hashing import Words, find_missing, hash_column
from splits.errors import SplitError

__all__ = ["Reader"]

_BLOCK_BYTES = 1 << 23
_BLOCK_ROWS = 1 << 16
_UNKNOWN_ROW_BYTES = 1 << 11  # what a ragged row is taken for
_KEY = derive(0, "splits.audit")


class Reader:
    """The columns of one axis of an open file, or of the elements of its central object.

    Rows of elements see columns through their place: `coo/0` is the index on axis 0 of each element,
    `coo/0/user` what column `0/user` says of that index, `central` the element's value.
    """

    def __init__(self, root: Any, axis: Axis, n_rows: int, *, split: str) -> None:
        """Look at an open file, or at what `File.to_dict` gave.

        Args:
            root: The file.
            axis: The axis, or `"coo"`.
            n_rows: Its length as the split has it.
            split: Name of the split, for messages.

        Raises:
            FormatError: the file has no central object.
            SplitError: it has no such axis, or one of another length.
        """
        self.view = View(root, read_schema(root))
        self.axis, self.n_rows, self.split = axis, n_rows, split
        found = self._length()
        if found != n_rows:
            what = "elements" if axis == "coo" else f"rows on axis {axis}"
            msg = (
                f"split {split!r} shares out {n_rows} {what}, the file has {found}; extend the split, or "
                "create it again"
            )
            raise SplitError(msg)

    def _length(self) -> int:
        central = self.view.schema.central
        if self.axis == "coo":
            return central.n_stored if isinstance(central, CooLayout) else math.prod(central.shape)
        return central.shape[self.axis] if self.axis < len(central.shape) else 0

    def layout(self, key: str) -> Layout:
        """Return the layout of the object that a column is of.

        Raises:
            UnknownNameError: the file has no such object.
            FormatError: it is damaged.
            SplitError: its rows are not those that the split shares out.
        """
        found = self.view.schema.layout(self._object(key))
        sampled = isinstance(found, DenseLayout) if self.axis else not isinstance(found, CooLayout)
        if key == CENTRAL and self.axis != "coo" and not sampled:
            msg = f"column 'central' has mode={found.mode!r}, which has no rows along axis {self.axis}"
            raise SplitError(msg)
        return found

    def _object(self, key: str) -> str:
        place, _, name = key.partition("/")
        if key == CENTRAL:
            return key
        if self.axis == "coo":
            number, _, name = name.partition("/")
            rank = len(self.view.schema.shape)
            if place == "coo" and is_axis(number) and int(number) < rank:
                return f"{number}/{name}" if name else CENTRAL
            ask = "elements; write 'coo/0' for their index on axis 0, 'coo/0/name' for a column of it"
        elif place == str(self.axis) and name:
            return key
        else:
            ask = f"axis {self.axis}; name a column such as '{self.axis}/name'"
        self.view.schema.layout(key)
        msg = f"column {key!r} is not of the rows that split {self.split!r} shares out: {ask}"
        raise SplitError(msg)

    def _through(self, key: str) -> tuple[str, int] | None:
        """Return the aligned column that elements see under `key`, and its axis, if it is such a key."""
        number, _, name = key.removeprefix("coo/").partition("/")
        return (f"{number}/{name}", int(number)) if self.axis == "coo" and name else None

    def candidates(self) -> list[str]:
        """Return the keys of all columns of these rows, the central object first, then by name."""
        schema = self.view.schema
        if self.axis == "coo":
            axes = range(len(schema.shape))
            return [CENTRAL, *(f"coo/{key}" for axis in axes for key in schema.aligned(axis))]
        by_row = isinstance(schema.central, DenseLayout) or (
            self.axis == 0 and not isinstance(schema.central, CooLayout)
        )
        return [*([CENTRAL] if by_row else []), *schema.aligned(self.axis)]

    def width(self, key: str) -> int | None:
        """Return how many values a row of a column has: 0 for one without an axis, `None` if rows differ."""
        if self.axis == "coo" and self._object(key) == CENTRAL:
            return 0
        axis = self.axis if key == CENTRAL and self.axis != "coo" else 0
        layout = self.layout(key)
        if isinstance(layout, DenseLayout):
            return math.prod(layout.shape[:axis] + layout.shape[axis + 1 :]) if len(layout.shape) > 1 else 0
        return layout.shape[1] if isinstance(layout, CsrLayout) else None

    def _gather(self, key: str, rows: npt.NDArray[np.intp]) -> Column:
        if self.axis == "coo":
            index, values = self.view.gather_cells(CENTRAL, rows)
            return values if key == CENTRAL else DenseColumn(values=index[int(key.removeprefix("coo/"))])
        return self.view.gather(key, rows, axis=self.axis if key == CENTRAL else 0)

    def _block_rows(self, key: str) -> int:
        if self.axis == "coo":
            return _BLOCK_ROWS
        layout = self.layout(key)
        if isinstance(layout, DenseLayout):
            width = max(layout.value.save.itemsize, layout.value.load.itemsize)
            n_bytes = (self.width(key) or 1) * width
        elif isinstance(layout, CsrLayout):
            n_bytes = 16 * layout.n_stored // max(1, layout.n_rows)
        else:
            n_bytes = _UNKNOWN_ROW_BYTES
        return min(_BLOCK_ROWS, max(1, _BLOCK_BYTES // max(1, n_bytes)))

    def blocks(self, key: str) -> Iterator[tuple[int, Column]]:
        """Read a column from end to end: the first row of each block, and the block."""
        step = self._block_rows(key)
        for first in range(0, self.n_rows, step):
            yield first, self._gather(key, np.arange(first, min(first + step, self.n_rows), dtype=np.intp))

    def is_flags(self, key: str) -> bool:
        """Whether every number of a column is 0 or 1, and some are 1; no more is read than tells."""
        largest = 0
        for _, block in self.blocks(key):
            values = block.stack()
            if values.size and (values.min() < 0 or values.max() > 1):
                return False
            largest = max(largest, int(values.max(initial=0)))
        return largest == 1

    def filled(self, key: str) -> int:
        """Return how many rows of a column hold what somebody wrote; those behind are to be filled yet."""
        through = self._through(key)
        layout = self.view.schema.layout(through[0] if through else self._object(key))
        if self.axis == "coo" and not through and isinstance(layout, DenseLayout):
            return layout.filled_to * math.prod(layout.shape[1:])
        whole = through is not None or self.axis == "coo" or (key == CENTRAL and self.axis != 0)
        return self.n_rows if whole else layout.filled_to

    def hashes(self, key: str) -> tuple[Words, npt.NDArray[np.bool_]]:
        """Hash each row of a column, and say which rows have no value.

        Returns:
            uint64 and bool, shape `(n_rows,)`; True for NaN, NaT, an empty text and rows not filled yet.
        """
        through = self._through(key)
        if through:
            column, axis = through
            hashes, missing = self._aside(axis).hashes(column)
            index = self._index(axis)
            return hashes[index], missing[index]
        hashes, missing = np.empty(self.n_rows, np.uint64), np.zeros(self.n_rows, np.bool_)
        for first, block in self.blocks(key):
            hashes[first : first + len(block)] = hash_column(block, key=_KEY)
            missing[first : first + len(block)] = find_missing(block)
        missing[self.filled(key) :] = True
        return hashes, missing

    def values(self, key: str) -> npt.NDArray[Any]:
        """Read a column of one number or time a row, shape `(n_rows,)`; floats are NaN in rows not filled."""
        through = self._through(key)
        if through:
            column, axis = through
            return np.asarray(self._aside(axis).values(column)[self._index(axis)])
        parts = [block.stack() for _, block in self.blocks(key)]
        values: npt.NDArray[Any] = np.concatenate(parts) if parts else np.zeros(0)
        if values.dtype.kind == "f":
            values[self.filled(key) :] = np.nan
        return values

    def _aside(self, axis: int) -> "Reader":
        return Reader(self.view.root, axis, self.view.schema.shape[axis], split=self.split)

    def _index(self, axis: int) -> npt.NDArray[np.intp]:
        return np.asarray(self.values(f"coo/{axis}"), np.intp)

    def _one(self, key: str, row: int) -> Any:
        through = self._through(key)
        if through:
            column, axis = through
            index = int(self._gather(f"coo/{axis}", np.array([row], np.intp)).row(0))
            return self._aside(axis)._one(column, index)
        return self._gather(key, np.array([row], np.intp)).stack()[0]

    def text(self, key: str, row: int) -> str:
        """Return what a column has in one row as printable text."""
        return printable(str(self._one(key, row)))

    def same(self, keys: Sequence[str], one: int, other: int) -> bool:
        """Whether two rows have equal values in all of some columns."""
        return all(equal_values(self._one(key, one), self._one(key, other)) for key in keys)

    def matrix(self, keys: Sequence[str], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Read rows, ascending, of some columns of numbers side by side: float64 `(n, values in a row)`."""
        widths = [self.width(key) or 1 for key in keys]
        found = np.empty((len(rows), sum(widths)))
        start = 0
        for key, width in zip(keys, widths, strict=True):
            step = self._block_rows(key)
            for first in range(0, len(rows), step):
                block = self._gather(key, rows[first : first + step]).stack()
                found[first : first + step, start : start + width] = block.reshape(len(block), -1)
            start += width
        return found
