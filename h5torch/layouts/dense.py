"""`N-D`: dense values of any rank in one dataset."""

from typing import ClassVar

import attrs
import numpy as np

from h5torch.batch import CategoryColumn, DenseColumn
from h5torch.errors import FormatError, RegisterError
from h5torch.rows import Array, Rows, outside, read_only
from h5torch.storage.ports import Sink, Sources
from h5torch.values.categories import encode
from h5torch.values.convert import Casting
from h5torch.values.data import DenseData
from h5torch.values.kinds import Value, decode_values, encode_values


@attrs.frozen(kw_only=True)
class DenseLayout:
    """A dense array; sampled along any axis, or element by element."""

    mode: ClassVar[str] = "N-D"
    version: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("",)
    shape: tuple[int, ...]
    filled_to: int
    value: Value
    names: Array | None = attrs.field(
        default=None,
        repr=False,
        converter=attrs.converters.optional(read_only),
        eq=attrs.cmp_using(np.array_equal),
    )

    @property
    def n_rows(self) -> int:
        """Length of axis 0."""
        return self.shape[0]


def plan(data: DenseData, value: Value, *, length: int | None, what: str) -> DenseLayout:
    """Lay out data of this shape, with room for `length` rows."""
    if 0 in data.shape[1:]:
        msg = f"{what}: the data of shape {data.shape} hold no value; drop the axis of length 0"
        raise RegisterError(msg)
    n_rows = data.shape[0] if length is None else length
    return DenseLayout(shape=(n_rows, *data.shape[1:]), filled_to=0, value=value, names=data.names)


def write(
    sink: Sink, layout: DenseLayout, data: DenseData, *, growing: bool, casting: Casting, what: str
) -> DenseLayout:
    """Make the dataset and fill in the first block."""
    encoded = _encode(layout, data, casting=casting, what=what)
    if growing:
        layout = attrs.evolve(layout, shape=(0, *layout.shape[1:]))
    value = attrs.evolve(layout.value, save=encoded.dtype)
    if encoded.shape == layout.shape and not growing:
        sink.write_all("", encoded, utf8=value.kind == "text")
    else:
        sink.create(
            "",
            shape=layout.shape,
            dtype=encoded.dtype,
            grow_axis=0 if growing else None,
            expect=len(encoded),
            utf8=value.kind == "text",
        )
        sink.write("", 0, encoded)
    return _filled(attrs.evolve(layout, value=value), len(encoded))


def append(sink: Sink, layout: DenseLayout, data: DenseData, *, casting: Casting, what: str) -> DenseLayout:
    """Fill in the next rows."""
    if data.shape[1:] != layout.shape[1:]:
        msg = f"{what}: rows have shape {layout.shape[1:]}, the block's have {data.shape[1:]}"
        raise RegisterError(msg)
    encoded = _encode(layout, data, casting=casting, what=what)
    sink.write("", layout.filled_to, encoded)
    return _filled(layout, len(encoded))


def _filled(layout: DenseLayout, n_new: int) -> DenseLayout:
    filled = layout.filled_to + n_new
    shape = (max(filled, layout.n_rows), *layout.shape[1:])
    return attrs.evolve(layout, filled_to=filled, shape=shape)


def _encode(layout: DenseLayout, data: DenseData, *, casting: Casting, what: str) -> Array:
    values, first = data.values, layout.filled_to
    if layout.names is not None:
        given = values if data.names is None else data.names[values]
        return encode(given, layout.names, what=what, first_row=first)
    return encode_values(values, layout.value, casting=casting, what=what, first_row=first)


def gather(
    sources: Sources, layout: DenseLayout, rows: Rows, *, what: str, axis: int = 0
) -> DenseColumn | CategoryColumn:
    """Read rows along `axis`; the column has shape `(n, ...)` with that axis first."""
    return _column(sources[""].take(rows, axis=axis), layout, what=what)


def pick(sources: Sources, layout: DenseLayout, flat: Rows, *, what: str) -> DenseColumn | CategoryColumn:
    """Read single elements by their position in C order."""
    index = tuple(np.asarray(part, dtype=np.intp) for part in np.unravel_index(flat, layout.shape))
    return _column(sources[""].pick(index), layout, what=what)


def _column(values: Array, layout: DenseLayout, *, what: str) -> DenseColumn | CategoryColumn:
    if layout.names is not None:
        return category_column(values, layout.names, what=what)
    decoded = decode_values(values, layout.value, what=what)
    return DenseColumn(values=decoded, bfloat16=layout.value.bfloat16)


def category_column(codes: Array, names: Array, *, what: str) -> CategoryColumn:
    """Join codes to their names.

    Raises:
        FormatError: a code numbers none of the names.
    """
    check_codes(codes, names, what=what)
    return CategoryColumn(codes=codes.astype(np.int64), names=names)


def check_codes(codes: Array, names: Array, *, what: str) -> None:
    """Refuse codes that number none of the names.

    Raises:
        FormatError: there is one.
    """
    if outside(codes, len(names)):
        msg = f"/{what}: codes lie in [{codes.min()}, {codes.max()}], names in [0, {len(names)})"
        raise FormatError(msg)
