"""The caller's data in the four shapes that layouts can store."""

from typing import Any, TypeAlias

import attrs
import numpy as np

from h5torch.rows import Array


@attrs.frozen(kw_only=True, eq=False)
class DenseData:
    """Values of one dtype, shape `(n_rows, ...)`; text is `U`, categories are codes + names."""

    values: Array
    names: Array | None = None
    bfloat16: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole block."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype as the caller gave it."""
        return self.values.dtype


@attrs.frozen(kw_only=True, eq=False)
class SparseRows:
    """A sparse matrix by rows: `indptr` `(n_rows + 1,)`, `indices` and `data` `(nnz,)`.

    `ordered` where it is known that the entries of each row ascend by column, none twice.
    """

    indptr: Array
    indices: Array
    data: Array
    n_cols: int
    ordered: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return (len(self.indptr) - 1, self.n_cols)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the nonzeros."""
        return self.data.dtype


@attrs.frozen(kw_only=True, eq=False)
class SparseCells:
    """Nonzeros of an array of any rank: `indices` `(rank, nnz)`, `data` `(nnz,)`."""

    indices: Array
    data: Array
    shape: tuple[int, ...]
    bfloat16: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the nonzeros."""
        return self.data.dtype


@attrs.frozen(kw_only=True, eq=False)
class RaggedRows:
    """Rows of one dtype and different shapes; rows of text are `str`, spelled as UTF-8 bytes."""

    rows: tuple[Array, ...]
    dtype: np.dtype[Any]
    text: bool = False
    bfloat16: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, as the shape of an object with one axis."""
        return (len(self.rows),)


Data: TypeAlias = DenseData | SparseRows | SparseCells | RaggedRows
