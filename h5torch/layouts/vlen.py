"""`vlen`: one-dimensional rows in HDF5's variable-length type, as the published package wrote."""

from typing import ClassVar

import attrs
import numpy as np

from h5torch.batch import RaggedColumn
from h5torch.errors import RegisterError
from h5torch.rows import Array, Rows
from h5torch.storage.ports import Sink, Sources
from h5torch.values.convert import Casting
from h5torch.values.data import RaggedRows
from h5torch.values.kinds import Value, decode_values, encode_values


@attrs.frozen(kw_only=True)
class VlenLayout:
    """Rows of different length in one dataset of variable-length values."""

    mode: ClassVar[str] = "vlen"
    version: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("",)
    shape: tuple[int]
    filled_to: int
    value: Value

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.shape[0]


def plan(data: RaggedRows, value: Value, *, length: int | None, what: str) -> VlenLayout:
    """Lay out rows, with room for `length` of them."""
    _check(data, what=what)
    refuse_spelled(value, mode="vlen", what=what)
    n_rows = len(data.rows) if length is None else length
    return VlenLayout(shape=(n_rows,), filled_to=0, value=value)


def refuse_spelled(value: Value, *, mode: str, what: str) -> None:
    """Refuse rows of numbers that are to be spelled as text or bytes.

    Raises:
        RegisterError: the dtype in the file is one of bytes.
    """
    if value.save.kind == "S":
        msg = f"{what}: mode={mode!r} stores rows of numbers as numbers; drop dtype_save={value.save}"
        raise RegisterError(msg)


def _check(data: RaggedRows, *, what: str) -> None:
    for row, values in enumerate(data.rows):
        if values.ndim != 1:
            msg = (
                f"{what}: mode='vlen' stores rows of one axis, row {row} has {values.ndim}; use mode='ragged'"
            )
            raise RegisterError(msg)


def write(
    sink: Sink, layout: VlenLayout, data: RaggedRows, *, growing: bool, casting: Casting, what: str
) -> VlenLayout:
    """Make the dataset and fill in the first rows."""
    if growing:
        layout = attrs.evolve(layout, shape=(0,))
    sink.create_vlen("", length=layout.n_rows, dtype=layout.value.save, growing=growing)
    return append(sink, layout, data, casting=casting, what=what)


def append(sink: Sink, layout: VlenLayout, data: RaggedRows, *, casting: Casting, what: str) -> VlenLayout:
    """Fill in the next rows."""
    _check(data, what=what)
    sink.write_objects("", layout.filled_to, encode_rows(layout.value, layout.filled_to, data, casting, what))
    filled = layout.filled_to + len(data.rows)
    return attrs.evolve(layout, filled_to=filled, shape=(max(filled, layout.n_rows),))


def encode_rows(value: Value, first: int, data: RaggedRows, casting: Casting, what: str) -> tuple[Array, ...]:
    """Convert row by row, naming the row of a value that would be lost."""
    return tuple(
        encode_values(row, value, casting=casting, what=what, first_row=number, row_ends=np.array([row.size]))
        for number, row in enumerate(data.rows, first)
    )


def gather(
    sources: Sources, layout: VlenLayout, rows: Rows, *, what: str, padded: bool = False
) -> RaggedColumn:
    """Read rows; those never filled are empty. They are objects, so `padded` saves nothing here."""
    del padded
    found = sources[""].take(rows)
    # A copy, since objects in memory, and repeated rows, would share one array.
    pieces = tuple(np.array(decode_values(row, layout.value, what=what)) for row in found)
    return RaggedColumn(rows=pieces, bfloat16=layout.value.bfloat16)
