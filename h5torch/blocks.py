"""Data that come whole, in blocks, or from another HDF5 dataset, as one stream of blocks."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import attrs
import h5py
import numpy as np

from h5torch.errors import ArgumentTypeError, RegisterError
from h5torch.layouts import mode_for
from h5torch.values.data import Data, DenseData
from h5torch.values.intake import is_stream, take_in
from h5torch.values.modes import text_rows
from h5torch.values.text import wastes_space

# Other datasets are copied in blocks of about this many bytes.
_BLOCK_BYTES = 8 << 20
_FEW_ROWS = 16  # read first of rows whose size is not known


@attrs.frozen(kw_only=True)
class Blocks:
    """Blocks of rows in one mode, and how many rows they make where that is known."""

    items: Iterator[Data]
    mode: str
    length: int | None
    stream: bool

    @property
    def growing(self) -> bool:
        """Whether the number of rows shows only when the last block has come."""
        return self.stream and self.length is None


def blocks_of(data: Any, *, mode: str, length: int | None, what: str) -> Blocks:
    """Recognise data and return their blocks, at least one.

    Args:
        data: Anything `File.register` takes.
        mode: A mode, or `"auto"`.
        length: Number of rows that the blocks of a stream make, or `None` if nobody knows.
        what: Key of the object, for messages.

    Raises:
        RegisterError: a stream without blocks, or data that do not fit the mode.
    """
    if isinstance(data, h5py.Dataset):
        return _blocks_of_dataset(data, mode=mode, what=what)
    if not is_stream(data):
        first, mode = _first(data, mode=mode, what=what)
        return Blocks(items=iter([first]), mode=mode, length=None, stream=False)
    stream = _checked(iter(data), what=what)
    try:
        raw = next(stream)
    except StopIteration:
        msg = f"{what}: the iterable of blocks is empty"
        raise RegisterError(msg) from None
    first, mode = _first(raw, mode=mode, what=what)
    rest = (take_in(block, mode=mode, what=what) for block in stream)
    return Blocks(items=chain([first], rest), mode=mode, length=length, stream=True)


def _checked(stream: Iterator[Any], *, what: str) -> Iterator[Any]:
    """Refuse a stream of single values, which cannot be told from blocks by their number."""
    for block in stream:
        if isinstance(block, (int, float, complex, str, bytes, np.generic)):
            msg = (
                f"{what}: an iterable gives blocks of rows, found a single {type(block).__name__}; pass a "
                "list instead, or gather values into arrays"
            )
            raise ArgumentTypeError(msg)
        yield block


def _first(data: Any, *, mode: str, what: str) -> tuple[Data, str]:
    """Bring the first block into shape, and settle what `"auto"` means from it."""
    taken = take_in(data, mode=mode, what=what)
    if mode != "auto":
        return taken, mode
    if isinstance(taken, DenseData) and taken.values.dtype.kind == "U" and taken.values.ndim == 1:
        lengths = [len(text) for text in taken.values.tolist()]
        if wastes_space(lengths):
            return text_rows(taken.values, what=what), "ragged"
    return taken, mode_for(taken)


def _blocks_of_dataset(dataset: h5py.Dataset, *, mode: str, what: str) -> Blocks:
    """Copy another dataset block by block."""
    if not dataset.shape:
        msg = f"{what}: the HDF5 dataset {dataset.name} has no rows"
        raise ArgumentTypeError(msg)
    text = h5py.check_string_dtype(dataset.dtype) is not None and dataset.dtype.kind == "O"
    view = dataset.asstr() if text else dataset
    pieces = _pieces(view, dataset.shape[0], dataset.size * dataset.dtype.itemsize)
    first, mode = _first(next(pieces), mode=mode, what=what)
    rest = (take_in(piece, mode=mode, what=what) for piece in pieces)
    return Blocks(items=chain([first], rest), mode=mode, length=dataset.shape[0], stream=True)


def _pieces(view: h5py.Dataset, n_rows: int, n_bytes: int) -> Iterator[Any]:
    """Read slices of about `_BLOCK_BYTES`; where rows lie elsewhere, the size of the last one tells."""
    start, step = 0, max(1, _BLOCK_BYTES * n_rows // max(1, n_bytes))
    scattered = view[:0].dtype.kind == "O"
    step = min(step, _FEW_ROWS) if scattered else step
    while start == 0 or start < n_rows:
        piece = view[start : start + step]
        yield piece
        start += step
        if scattered and len(piece):
            row_bytes = sum(len(row) * getattr(row, "itemsize", 4) for row in piece.flat) // len(piece)
            step = max(1, min(2 * step, _BLOCK_BYTES // max(1, row_bytes)))
