"""`coo`: a sparse array of any rank, sampled by its nonzeros."""

from typing import ClassVar

import attrs
import numpy as np

from h5torch.batch import DenseColumn
from h5torch.errors import FormatError, RegisterError
from h5torch.rows import Rows, outside
from h5torch.storage.ports import Sink, Sources
from h5torch.values.convert import Casting
from h5torch.values.data import SparseCells
from h5torch.values.kinds import Value, decode_values, encode_values


@attrs.frozen(kw_only=True)
class CooLayout:
    """Nonzeros of a sparse array: `indices` `(rank, n_stored)` and `data` `(n_stored,)`."""

    mode: ClassVar[str] = "coo"
    version: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("indices", "data")
    shape: tuple[int, ...]
    n_stored: int
    value: Value

    @property
    def filled_to(self) -> int:
        """Length of axis 0, as the format asks; nonzeros have no fixed number."""
        return self.shape[0]

    @property
    def n_rows(self) -> int:
        """Length of axis 0."""
        return self.shape[0]


def plan(data: SparseCells, value: Value, *, length: int | None, what: str) -> CooLayout:
    """Lay out an array of this shape."""
    if length is not None:
        msg = (
            f"{what}: length= has no meaning for mode='coo'; register it with chunks=True to append nonzeros"
        )
        raise RegisterError(msg)
    if value.kind != "number":
        msg = f"{what}: mode='coo' stores numbers, found {value.kind}"
        raise RegisterError(msg)
    return CooLayout(shape=data.shape, n_stored=0, value=value)


def write(
    sink: Sink, layout: CooLayout, data: SparseCells, *, growing: bool, casting: Casting, what: str
) -> CooLayout:
    """Make both datasets and fill in the first nonzeros."""
    if not growing:
        encoded = encode_values(data.data, layout.value, casting=casting, what=what)
        sink.write_all("indices", data.indices, axis=1)
        sink.write_all("data", encoded)
        return attrs.evolve(layout, n_stored=len(encoded))
    rank, n_new = data.indices.shape
    largest = np.min_scalar_type(max(max(layout.shape) - 1, 0))  # later blocks may need wider indices
    index = data.indices.dtype if np.can_cast(largest, data.indices.dtype) else np.dtype(np.int64)
    sink.create("indices", shape=(rank, 0), dtype=index, grow_axis=1, expect=n_new)
    sink.create("data", shape=(0,), dtype=layout.value.save, grow_axis=0, expect=n_new)
    return append(sink, layout, data, casting=casting, what=what)


def append(sink: Sink, layout: CooLayout, data: SparseCells, *, casting: Casting, what: str) -> CooLayout:
    """Add nonzeros behind those there are."""
    if data.shape != layout.shape:
        msg = f"{what}: the array has shape {layout.shape}, the block {data.shape}"
        raise RegisterError(msg)
    encoded = encode_values(data.data, layout.value, casting=casting, what=what, first_row=layout.n_stored)
    sink.write("data", layout.n_stored, encoded)
    sink.write("indices", layout.n_stored, data.indices, axis=1)
    return attrs.evolve(layout, n_stored=layout.n_stored + len(encoded))


def gather_cells(
    sources: Sources, layout: CooLayout, positions: Rows, *, what: str
) -> tuple[tuple[Rows, ...], DenseColumn]:
    """Read nonzeros by their position: where each lies on every axis, and its value.

    Raises:
        FormatError: an index lies outside its axis.
    """
    found = sources["indices"].take(positions, axis=1)
    indices = tuple(np.ascontiguousarray(found.T, dtype=np.intp))
    for axis, index in enumerate(indices):
        if outside(index, layout.shape[axis]):
            at = int(np.argmax((index < 0) | (index >= layout.shape[axis])))
            msg = f"/{what}/indices: nonzero {positions[at]} lies at {found[at]}, outside {layout.shape}"
            raise FormatError(msg)
    data = decode_values(sources["data"].take(positions), layout.value, what=what)
    return indices, DenseColumn(values=data, bfloat16=layout.value.bfloat16)
