"""Where to cut what is written, so that no piece of it is large."""

from collections.abc import Iterable, Iterator

import numpy as np

from h5torch.rows import Array, Rows

PIECE_BYTES = 1 << 22
"""Of a piece: it stays in the processor's cache from the moment it is made until it is written."""


def cut_rows(ends: Rows, *, itemsize: int) -> Iterator[tuple[int, int]]:
    """Give half-open ranges of rows, each of about `PIECE_BYTES`, or one long row more, in order.

    Args:
        ends: Values in each row and all rows before it, at least one row.
        itemsize: Bytes of a value.
    """
    total = int(ends[-1])
    cuts = np.searchsorted(ends, np.arange(0, total, PIECE_BYTES // itemsize)[1:])
    stops = np.unique(np.concatenate([cuts, [len(ends)]]))
    first = 0
    for stop in stops[stops > 0].tolist():
        yield first, stop
        first = stop


def fill(pieces: Iterable[Array], *, into: Array) -> Array:
    """Fill an array with pieces, one after the other along axis 0, and return it."""
    start = 0
    for piece in pieces:
        into[start : start + len(piece)] = piece
        start += len(piece)
    return into
