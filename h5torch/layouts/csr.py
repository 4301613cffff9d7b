"""`csr`: a sparse matrix by rows, in flat `indptr`, `indices` and `data`."""

from typing import Any, ClassVar

import attrs
import numpy as np

from h5torch.batch import SparseColumn
from h5torch.errors import FormatError, RegisterError
from h5torch.layouts.bounds import join, row_bounds
from h5torch.rows import Array, Rows, outside
from h5torch.storage.ports import Sink, Sources
from h5torch.values.convert import Casting
from h5torch.values.data import SparseRows
from h5torch.values.kinds import Value, decode_values, encode_values


@attrs.frozen(kw_only=True)
class CsrLayout:
    """A sparse matrix; row `i` owns entries `indptr[i]:indptr[i + 1]`."""

    mode: ClassVar[str] = "csr"
    version: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("indptr", "indices", "data")
    shape: tuple[int, int]
    filled_to: int
    n_stored: int
    value: Value
    load_sparse: bool = False
    ordered: bool = False
    """Whether the entries of each row ascend by column, none twice."""

    @property
    def n_rows(self) -> int:
        """Length of axis 0."""
        return self.shape[0]


def plan(data: SparseRows, value: Value, *, length: int | None, what: str) -> CsrLayout:
    """Lay out a matrix of this width, with room for `length` rows."""
    if value.kind != "number":
        msg = f"{what}: mode='csr' stores numbers, found {value.kind}; use mode='N-D'"
        raise RegisterError(msg)
    if value.bfloat16:
        msg = f"{what}: mode='csr' does not load bfloat16; use dtype_load='float32' and convert batches"
        raise RegisterError(msg)
    n_rows = data.shape[0] if length is None else length
    return CsrLayout(shape=(n_rows, data.n_cols), filled_to=0, n_stored=0, value=value)


def write(
    sink: Sink, layout: CsrLayout, data: SparseRows, *, growing: bool, casting: Casting, what: str
) -> CsrLayout:
    """Make the three datasets and fill in the first block."""
    if not growing and data.shape == layout.shape:
        encoded = _encode(layout, data, casting=casting, what=what)
        sink.write_all("indptr", data.indptr)
        sink.write_all("indices", data.indices)
        sink.write_all("data", encoded)
        return attrs.evolve(layout, filled_to=data.shape[0], n_stored=len(encoded), ordered=data.ordered)
    rows = 0 if growing else layout.n_rows
    int64 = np.dtype(np.int64)  # room for any number of entries, whatever the first block's width
    sink.create(
        "indptr", shape=(rows + 1,), dtype=int64, grow_axis=0 if growing else None, expect=data.shape[0]
    )
    n_new = len(data.data)
    sink.create("indices", shape=(0,), dtype=data.indices.dtype, grow_axis=0, expect=n_new)
    sink.create("data", shape=(0,), dtype=layout.value.save, grow_axis=0, expect=n_new)
    layout = attrs.evolve(layout, shape=(rows, layout.shape[1]), ordered=True)
    return append(sink, layout, data, casting=casting, what=what)


def append(sink: Sink, layout: CsrLayout, data: SparseRows, *, casting: Casting, what: str) -> CsrLayout:
    """Fill in the next rows."""
    if data.n_cols != layout.shape[1]:
        msg = f"{what}: the matrix has {layout.shape[1]} columns, the block {data.n_cols}"
        raise RegisterError(msg)
    encoded = _encode(layout, data, casting=casting, what=what)
    n_stored = layout.n_stored + len(encoded)
    check_countable(sink.dtype("indptr"), n_stored, what=f"{what}/indptr")
    sink.write("data", layout.n_stored, encoded)
    sink.write("indices", layout.n_stored, data.indices)
    sink.write("indptr", layout.filled_to + 1, data.indptr[1:].astype(np.int64) + layout.n_stored)
    filled = layout.filled_to + data.shape[0]
    return attrs.evolve(
        layout,
        filled_to=filled,
        shape=(max(filled, layout.n_rows), layout.shape[1]),
        n_stored=n_stored,
        ordered=layout.ordered and data.ordered,
    )


def check_countable(dtype: np.dtype[Any], n_stored: int, *, what: str) -> None:
    """Refuse more entries than offsets of `dtype` can count.

    Raises:
        RegisterError: they would overflow, or be rounded.
    """
    limit = 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else np.iinfo(dtype).max
    if n_stored > limit:
        msg = f"{what}: offsets of {dtype} cannot count {n_stored} entries; register the object anew"
        raise RegisterError(msg)


def _encode(layout: CsrLayout, data: SparseRows, *, casting: Casting, what: str) -> Array:
    return encode_values(
        data.data,
        layout.value,
        casting=casting,
        what=what,
        first_row=layout.filled_to,
        row_ends=data.indptr[1:],
    )


def gather(sources: Sources, layout: CsrLayout, rows: Rows, *, what: str) -> SparseColumn:
    """Read rows; those never filled are empty.

    Raises:
        FormatError: `indptr` decreases or points outside, or a column index is out of range.
    """
    starts, _, lengths = row_bounds(sources["indptr"], layout, rows, what=f"{what}/indptr")
    first, sizes = starts.tolist(), lengths.tolist()
    indptr = np.zeros(len(rows) + 1, np.intp)
    np.cumsum(lengths, out=indptr[1:])
    total = int(indptr[-1])
    indices = join(sources["indices"], first, sizes, total)
    n_cols = layout.shape[1]
    if outside(indices, n_cols):
        msg = f"/{what}/indices: found columns {indices.min()} to {indices.max()} of {n_cols}"
        raise FormatError(msg)
    if not indices.dtype.isnative:
        indices = indices.astype(indices.dtype.newbyteorder("="))
    data = decode_values(join(sources["data"], first, sizes, total), layout.value, what=what)
    return SparseColumn(
        indptr=indptr,
        indices=indices,
        data=data,
        n_cols=n_cols,
        as_sparse=layout.load_sparse,
        ordered=layout.ordered,
    )
