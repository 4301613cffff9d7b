"""`separate`: each row a dataset of its own, as the published package wrote."""

from typing import ClassVar

import attrs

from h5torch.batch import RaggedColumn
from h5torch.errors import UnknownNameError
from h5torch.layouts.vlen import encode_rows, refuse_spelled
from h5torch.rows import Array, Rows
from h5torch.storage.ports import Sink, Sources
from h5torch.values.convert import Casting
from h5torch.values.data import RaggedRows
from h5torch.values.kinds import Value, decode_values


@attrs.frozen(kw_only=True)
class SeparateLayout:
    """Row `i` is the dataset named `i` of the object's group, of any shape."""

    mode: ClassVar[str] = "separate"
    version: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ()
    shape: tuple[int]
    filled_to: int
    value: Value

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.shape[0]


def plan(data: RaggedRows, value: Value, *, length: int | None, what: str) -> SeparateLayout:
    """Lay out rows, with room for `length` of them."""
    refuse_spelled(value, mode="separate", what=what)
    n_rows = len(data.rows) if length is None else length
    return SeparateLayout(shape=(n_rows,), filled_to=0, value=value)


def write(
    sink: Sink, layout: SeparateLayout, data: RaggedRows, *, growing: bool, casting: Casting, what: str
) -> SeparateLayout:
    """Make a dataset for each of the first rows."""
    if growing:
        layout = attrs.evolve(layout, shape=(0,))
    return append(sink, layout, data, casting=casting, what=what)


def append(
    sink: Sink, layout: SeparateLayout, data: RaggedRows, *, casting: Casting, what: str
) -> SeparateLayout:
    """Make a dataset for each of the next rows."""
    first = layout.filled_to
    for row, values in enumerate(encode_rows(layout.value, first, data, casting, what), first):
        sink.write_all(str(row), values)
    filled = first + len(data.rows)
    return attrs.evolve(layout, filled_to=filled, shape=(max(filled, layout.n_rows),))


def gather(
    sources: Sources, layout: SeparateLayout, rows: Rows, *, what: str, padded: bool = False
) -> RaggedColumn:
    """Read rows. They are objects, so `padded` saves nothing here.

    Raises:
        UnknownNameError: a row was never filled.
    """
    del padded
    pieces = tuple(_row(sources, layout, int(row), what) for row in rows)
    return RaggedColumn(rows=pieces, bfloat16=layout.value.bfloat16)


def _row(sources: Sources, layout: SeparateLayout, row: int, what: str) -> Array:
    try:
        source = sources[str(row)]
    except KeyError as error:
        msg = f"{what}: row {row} was never filled ({layout.filled_to} of {layout.n_rows} are); append it"
        raise UnknownNameError(msg) from error
    return decode_values(source.whole(), layout.value, what=what)
