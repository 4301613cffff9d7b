"""`ragged`: rows of different length or shape, as flat values and offsets."""

from collections.abc import Iterator
from operator import attrgetter
from typing import ClassVar

import attrs
import numpy as np

from h5torch.batch import PaddedColumn, RaggedColumn, TextColumn, pad
from h5torch.errors import FormatError, RegisterError
from h5torch.layouts.bounds import row_bounds
from h5torch.layouts.cuts import cut_rows, fill
from h5torch.layouts.vlen import refuse_spelled
from h5torch.rows import Array, Rows
from h5torch.storage.mapped import MapSource
from h5torch.storage.ports import Sink, Sources
from h5torch.values.convert import Casting
from h5torch.values.data import RaggedRows
from h5torch.values.kinds import Value, decode_values, encode_values


@attrs.frozen(kw_only=True)
class RaggedLayout:
    """Row `i` is `values[offsets[i]:offsets[i + 1]]`, of shape `shapes[i]` where rows have axes."""

    mode: ClassVar[str] = "ragged"
    version: ClassVar[int] = 1
    shape: tuple[int]
    filled_to: int
    row_rank: int
    n_stored: int
    value: Value

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """The arrays that it is made of."""
        return ("offsets", "values") if self.row_rank == 1 else ("offsets", "values", "shapes")


def plan(data: RaggedRows, value: Value, *, length: int | None, what: str) -> RaggedLayout:
    """Lay out rows of this rank, with room for `length` of them."""
    n_rows = len(data.rows) if length is None else length
    rank = _rank(data, what=what)
    if data.text:
        if value.kind != "text" or value.save.itemsize or value.load.itemsize:
            msg = (
                f"{what}: mode='ragged' keeps text whole and gives str; drop dtype_save and dtype_load, or "
                "use mode='N-D'"
            )
            raise RegisterError(msg)
        value = Value(kind="text", save=np.dtype(np.uint8), load=value.load)
    else:
        refuse_spelled(value, mode="ragged", what=what)
    return RaggedLayout(shape=(n_rows,), filled_to=0, row_rank=rank, n_stored=0, value=value)


def _rank(data: RaggedRows, *, what: str) -> int:
    ranks: list[int] = sorted(set(map(attrgetter("ndim"), data.rows)))
    if len(ranks) != 1 or ranks[0] == 0:
        msg = f"{what}: rows have ranks {ranks}; give every row the same number of axes, at least one"
        raise RegisterError(msg)
    return ranks[0]


def write(
    sink: Sink, layout: RaggedLayout, data: RaggedRows, *, growing: bool, casting: Casting, what: str
) -> RaggedLayout:
    """Make the datasets and fill in the first rows."""
    whole = not growing and len(data.rows) == layout.n_rows
    rows = 0 if growing else layout.n_rows
    grow = 0 if growing else None
    int64 = np.dtype(np.int64)
    layout = attrs.evolve(layout, shape=(rows,))
    n_new = len(data.rows)
    sink.create("offsets", shape=(rows + 1,), dtype=int64, grow_axis=grow, expect=n_new)
    if layout.row_rank > 1:
        shape = (rows, layout.row_rank)
        sink.create("shapes", shape=shape, dtype=int64, grow_axis=grow, expect=n_new)
    if not whole:
        sizes = sum(row.size for row in data.rows)
        sink.create("values", shape=(0,), dtype=layout.value.save, grow_axis=0, expect=sizes)
        return append(sink, layout, data, casting=casting, what=what)
    return _add(sink, layout, data, casting=casting, what=what, whole=True)


def append(
    sink: Sink, layout: RaggedLayout, data: RaggedRows, *, casting: Casting, what: str
) -> RaggedLayout:
    """Fill in the next rows."""
    if not data.rows:
        return layout
    if data.text != (layout.value.kind == "text") or _rank(data, what=what) != layout.row_rank:
        msg = f"{what}: rows of rank {layout.row_rank} and dtype {layout.value.load} cannot take {data.dtype}"
        raise RegisterError(msg)
    return _add(sink, layout, data, casting=casting, what=what, whole=False)


def _add(
    sink: Sink, layout: RaggedLayout, data: RaggedRows, *, casting: Casting, what: str, whole: bool
) -> RaggedLayout:
    ends = np.cumsum(np.fromiter(map(attrgetter("size"), data.rows), dtype=np.int64))
    n_new = int(ends[-1])
    pieces = _pieces(layout, data, ends, casting=casting, what=what)
    if whole:
        sink.write_pieces("values", pieces, shape=(n_new,), dtype=layout.value.save)
    else:
        values = np.empty(n_new, layout.value.save)
        sink.write("values", layout.n_stored, fill(pieces, into=values))
    if layout.row_rank > 1:
        shapes = np.array([row.shape for row in data.rows], dtype=np.int64)
        sink.write("shapes", layout.filled_to, shapes)
    sink.write("offsets", layout.filled_to + 1, layout.n_stored + ends)
    filled = layout.filled_to + len(data.rows)
    return attrs.evolve(
        layout, filled_to=filled, shape=(max(filled, layout.n_rows),), n_stored=layout.n_stored + n_new
    )


def _pieces(
    layout: RaggedLayout, data: RaggedRows, ends: Rows, *, casting: Casting, what: str
) -> Iterator[Array]:
    """Join rows to pieces of flat values as the file holds them; the next one may overwrite a piece."""
    buffer = np.empty(0, data.rows[0].dtype)
    for first, stop in cut_rows(ends, itemsize=layout.value.save.itemsize):
        rows, before = data.rows[first:stop], ends[first - 1] if first else 0
        n_values = int(ends[stop - 1] - before)
        if len(buffer) < n_values:
            buffer = np.empty(n_values, dtype=rows[0].dtype)
        flat = buffer[:n_values]
        np.concatenate(rows if layout.row_rank == 1 else [row.reshape(-1) for row in rows], out=flat)
        if layout.value.kind == "text":
            yield flat
            continue
        yield encode_values(
            flat,
            layout.value,
            casting=casting,
            what=what,
            first_row=layout.filled_to + first,
            row_ends=ends[first:stop] - before,
        )


def gather(
    sources: Sources, layout: RaggedLayout, rows: Rows, *, what: str, padded: bool = False
) -> RaggedColumn | PaddedColumn | TextColumn:
    """Read rows; those never filled are empty. `padded` makes one array of them, filled up with zeros.

    Raises:
        FormatError: offsets or shapes do not fit the values.
    """
    starts, stops, lengths = row_bounds(sources["offsets"], layout, rows, what=f"{what}/offsets")
    values, value = sources["values"], layout.value
    padded = padded and len(rows) > 0
    if padded and isinstance(values, MapSource) and layout.row_rank == 1 and value.load == values.dtype:
        sizes = lengths.tolist()
        whole = values.padded(starts.tolist(), sizes, max(sizes))
        return PaddedColumn(values=whole, shapes=lengths[:, None], bfloat16=value.bfloat16)
    pieces = values.slices(starts.tolist(), stops.tolist())
    if value.kind == "text":
        texts = [_text(piece, row, what) for piece, row in zip(pieces, rows, strict=True)]
        return TextColumn(texts=tuple(texts))
    shapes = lengths[:, None]
    if layout.row_rank > 1:
        shapes = sources["shapes"].take(rows)
        _check_shapes(shapes, lengths, rows, what=what)
        pieces = _shaped(pieces, shapes)
    if padded and value.kind == "number":
        return pad(pieces, shapes, dtype=value.load, bfloat16=value.bfloat16)
    flat = np.concatenate([piece.reshape(-1) for piece in pieces]) if pieces else np.empty(0, value.save)
    cut = np.split(decode_values(flat, value, what=what), np.cumsum(lengths)[:-1]) if pieces else []
    cut = _shaped(cut, shapes) if layout.row_rank > 1 else cut
    return RaggedColumn(rows=tuple(cut), bfloat16=value.bfloat16)


def _shaped(pieces: list[Array], shapes: Array) -> list[Array]:
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


def _text(piece: Array, row: int, what: str) -> str:
    try:
        return piece.tobytes().decode()
    except UnicodeDecodeError as error:
        msg = f"/{what}: row {row} holds bytes that are not UTF-8 ({error})"
        raise FormatError(msg) from error


_LONGEST = 1 << 40
"""Of one axis of a row."""


def _check_shapes(shapes: Array, sizes: Rows, rows: Rows, *, what: str) -> None:
    wrong = (shapes.prod(axis=1) != sizes) | (shapes < 0).any(axis=1)
    # Numbers so large that their product goes round, and axes of empty rows that no padding could hold.
    wrong |= (shapes.astype(np.float64).prod(axis=1) != sizes) | (shapes > _LONGEST).any(axis=1)
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = f"/{what}/shapes: row {rows[at]} has shape {tuple(shapes[at].tolist())} but {sizes[at]} values"
        raise FormatError(msg)
