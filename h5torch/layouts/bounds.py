"""Rows of different length: where each begins and ends among flat values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from h5torch.buffers import empty
from h5torch.errors import FormatError
from h5torch.rows import Array, Rows, outside
from h5torch.storage.mapped import MapSource
from h5torch.storage.ports import Source


def join(source: Source, starts: Sequence[int], lengths: Sequence[int], total: int) -> Array:
    """Read slices, which hold `total` numbers together, one after the other into a new array."""
    joined = empty((total,), source.dtype)
    if isinstance(source, MapSource):
        source.join(starts, lengths, joined)
    elif starts:
        stops = [start + length for start, length in zip(starts, lengths, strict=True)]
        np.concatenate(source.slices(starts, stops), out=joined)
    return joined


def row_bounds(source: Source, layout: Any, rows: Rows, *, what: str) -> tuple[Rows, Rows, Rows]:
    """Read where rows begin and end among the values of an object; those never filled are empty.

    Args:
        source: Offsets, shape `(n_rows + 1,)`.
        layout: A layout with `n_rows`, `filled_to` and `n_stored`.
        rows: Row numbers, shape `(n,)`.
        what: Path of the offsets, for messages.

    Returns:
        Starts, stops and lengths, each of shape `(n,)`.

    Raises:
        FormatError: a row would begin before the values, end behind them, or before it begins.
    """
    n = len(rows)
    bounds = source.take(np.concatenate([rows, rows + 1]))
    if bounds.dtype != np.intp:
        bounds = bounds.astype(np.intp)
    if layout.filled_to < layout.n_rows:
        bounds[np.concatenate([rows, rows]) >= layout.filled_to] = 0
    starts, stops = bounds[:n], bounds[n:]
    lengths = stops - starts
    if outside(bounds, layout.n_stored + 1) or (n and np.minimum.reduce(lengths) < 0):
        wrong = (starts < 0) | (stops < starts) | (stops > layout.n_stored)
        at = int(np.argmax(wrong))
        msg = (
            f"/{what}: row {rows[at]} is said to hold entries {starts[at]} to {stops[at]} of "
            f"{layout.n_stored}; the file is damaged, register the object anew"
        )
        raise FormatError(msg)
    return starts, stops, lengths
