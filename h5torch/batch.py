"""A batch as columns, and the samples it consists of.

A column holds what one object gives for a batch of rows. `row(i)` is that object's value in sample
`i`, with the types the published package used: NumPy scalars for one-dimensional objects, plain
`ndarray` otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, overload

import attrs
import numpy as np

from h5torch.rows import Array
from h5torch.scatter import dense_rows

Kind: TypeAlias = Literal["dense", "sparse", "ragged", "text", "category", "window"]
Form: TypeAlias = Literal["pad", "packed", "nested", "list"]
"""What ragged rows become in a batch of tensors."""


@attrs.frozen(kw_only=True, eq=False)
class DenseColumn:
    """Values of one shape for every row, shape `(n, ...)`."""

    values: Array
    bfloat16: bool = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def row(self, position: int) -> Any:
        """Return the value at one position: a scalar, or an array of one axis less."""
        return self.values[position]

    def stack(self) -> Array:
        """Return all rows as one array."""
        return self.values


@attrs.frozen(kw_only=True, eq=False)
class SparseColumn:
    """Rows of a sparse matrix: `indptr` `(n + 1,)`, `indices` and `data` `(nnz,)`."""

    indptr: Array
    indices: Array
    data: Array
    n_cols: int
    as_sparse: bool
    ordered: bool = False
    """Whether the entries of each row are known to ascend by column, none twice."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.indptr) - 1

    def row(self, position: int) -> Any:
        """Return one row: `(indices, data)` where sparse was asked for, else a dense array."""
        start, stop = int(self.indptr[position]), int(self.indptr[position + 1])
        if self.as_sparse:
            return self.indices[start:stop], self.data[start:stop]
        bounds = np.array([0, stop - start])
        return dense_rows(bounds, self.indices[start:stop], self.data[start:stop], n_cols=self.n_cols)[0]

    def stack(self) -> Array:
        """Return all rows as one dense array `(n, n_cols)`; entries that repeat are summed."""
        return dense_rows(self.indptr, self.indices, self.data, n_cols=self.n_cols)


@attrs.frozen(kw_only=True, eq=False)
class RaggedColumn:
    """Arrays of one dtype and, row by row, of any shape."""

    rows: tuple[Array, ...]
    bfloat16: bool = False
    form: Form = "pad"

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def row(self, position: int) -> Array:
        """Return one row as an array of its own shape, or as a scalar if it has no axes."""
        return self.rows[position][()]

    def stack(self) -> Array:
        """Return all rows as an array of objects, each what `row` gives."""
        return as_objects([row[()] for row in self.rows])


@attrs.frozen(kw_only=True, eq=False)
class PaddedColumn:
    """Rows of different shape in one array, each filled up with zeros to the longest of every axis.

    Attributes:
        values: Shape `(n, longest, ...)`.
        shapes: Shape of each row, `(n, axes)`.
    """

    values: Array
    shapes: Array
    bfloat16: bool = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def row(self, position: int) -> Array:
        """Return one row as an array of its own shape."""
        corner: tuple[Any, ...] = (position, *map(slice, self.shapes[position].tolist()))
        return np.array(self.values[corner])

    def stack(self) -> Array:
        """Return all rows as an array of objects, each what `row` gives."""
        return as_objects([self.row(position) for position in range(len(self))])


def pad(rows: Sequence[Array], shapes: Array, *, dtype: np.dtype[Any], bfloat16: bool) -> PaddedColumn:
    """Write rows of one rank, at least one axis, into one array; they are converted on the way.

    Args:
        rows: At least one row.
        shapes: Their shapes, `(n, axes)`.
        dtype: Dtype of the result.
        bfloat16: Whether tensors are made `torch.bfloat16`.
    """
    longest = shapes.max(axis=0).tolist()
    padded = np.zeros((len(rows), *longest), dtype)
    if len(longest) == 1:
        for room, row in zip(padded, rows, strict=True):
            room[: len(row)] = row
    else:
        for room, row in zip(padded, rows, strict=True):
            room[tuple(map(slice, row.shape))] = row
    return PaddedColumn(values=padded, shapes=shapes, bfloat16=bfloat16)


@attrs.frozen(kw_only=True, eq=False)
class TextColumn:
    """Text of any length, one a row."""

    texts: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.texts)

    def row(self, position: int) -> np.str_:
        """Return one text."""
        return np.str_(self.texts[position])

    def stack(self) -> Array:
        """Return all rows as an array of objects, each a `str`: one long text widens no other."""
        return as_objects(self.texts)


@attrs.frozen(kw_only=True, eq=False)
class CategoryColumn:
    """Codes `(n, ...)` and the names they stand for; samples show names, tensors codes."""

    codes: Array
    names: Array

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def row(self, position: int) -> Any:
        """Return the name, or names, at one position."""
        return self.names[self.codes[position]]

    def stack(self) -> Array:
        """Return all rows as names."""
        return np.asarray(self.names[self.codes])


Column: TypeAlias = DenseColumn | SparseColumn | RaggedColumn | PaddedColumn | TextColumn | CategoryColumn


def as_objects(rows: Sequence[Any]) -> Array:
    """Return rows as a flat array of objects, whatever shapes they have."""
    objects = np.empty(len(rows), dtype=object)
    for position, row in enumerate(rows):
        objects[position] = row
    return objects


@attrs.frozen(kw_only=True, eq=False)
class Cell:
    """How the values of one key become a tensor: what a sample alone cannot tell."""

    kind: Kind
    bfloat16: bool = False
    form: Form = "pad"
    n_cols: int = 0
    names: Array | None = None


def cell_of(column: Column) -> Cell:
    """Describe a column so that its samples can be collated one by one."""
    match column:
        case SparseColumn(as_sparse=True):
            return Cell(kind="sparse", n_cols=column.n_cols)
        case SparseColumn():
            return Cell(kind="dense")
        case RaggedColumn():
            return Cell(kind="ragged", bfloat16=column.bfloat16, form=column.form)
        case PaddedColumn():
            return Cell(kind="ragged", bfloat16=column.bfloat16)
        case CategoryColumn():
            return Cell(kind="category", names=column.names)
        case TextColumn():
            return Cell(kind="text")
        case DenseColumn():
            text = column.values.dtype.kind in "USO"
            return Cell(kind="text" if text else "dense", bfloat16=column.bfloat16)


class Sample(dict[str, Any]):
    """One sample: a dict of NumPy values that also knows how each key is collated."""

    def __init__(
        self,
        values: Mapping[str, Any],
        cells: Mapping[str, Cell] | None = None,
        *,
        batch: "Batch | None" = None,
    ) -> None:
        """Hold `values` and, for the keys that came from a file, their cells, or the batch that has them."""
        super().__init__(values)
        self._cells = None if cells is None else dict(cells)
        self._batch = batch

    @property
    def cells(self) -> dict[str, Cell]:
        """How each key that came from a file is collated."""
        if self._cells is None:
            self._cells = dict(self._batch.cells) if self._batch is not None else {}
            self._batch = None
        return self._cells

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle values and cells."""
        return Sample, (dict(self), self.cells)

    def __or__(self, other: Any) -> Any:
        """Return a sample with further or other values, which knows how to collate its own."""
        return Sample(super().__or__(other), self.cells)

    def copy(self) -> "Sample":
        """Return a shallow copy that still knows how to collate."""
        return Sample(self, self.cells)


class Batch(Sequence[Sample]):
    """Samples of one batch, kept as columns until somebody asks for one."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        """Hold one column a key, all of the same length."""
        self._columns = dict(columns)
        self._cells: dict[str, Cell] | None = None

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by key."""
        return self._columns

    @property
    def cells(self) -> Mapping[str, Cell]:
        """How the values of each key become a tensor."""
        if self._cells is None:
            self._cells = {key: cell_of(column) for key, column in self.columns.items()}
        return self._cells

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(next(iter(self.columns.values())))

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """Return one sample, or a list of them."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            msg = f"sample {index} of a batch of {len(self)}"
            raise IndexError(msg)
        position = index + len(self) if index < 0 else index
        return Sample({key: column.row(position) for key, column in self.columns.items()}, batch=self)

    def __iter__(self) -> Iterator[Sample]:
        """Go over the samples in order."""
        return (self[position] for position in range(len(self)))
