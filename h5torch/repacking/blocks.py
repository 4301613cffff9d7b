"""Which pieces an array is copied in, and which chunks it is stored in: arithmetic on shapes."""

import math
from collections.abc import Iterator
from itertools import product

_CHUNK_BYTES = 1 << 20
_LEAST_BYTES = 1 << 12
_WIDEST_ROW = 1 << 24
"""Rows up to this size stay whole in a chunk."""

Block = tuple[tuple[int, int], ...]
"""Start and stop along every axis."""


def chunks_of(shape: tuple[int, ...], itemsize: int, *, axis: int, grows: bool) -> tuple[int, ...]:
    """Choose chunks of about a mebibyte of whole rows; rows that are far larger are cut.

    Args:
        shape: Shape of the dataset.
        itemsize: Bytes of one value.
        axis: The axis whose rows a chunk holds.
        grows: Whether more rows will come, so that a chunk may hold more than there are.
    """
    row = math.prod(max(1, length) for at, length in enumerate(shape) if at != axis) * itemsize
    least = -(-_LEAST_BYTES // row) if grows else 1
    n_rows = max(1, min(_CHUNK_BYTES // row, max(shape[axis], least)))
    chunks = [n_rows if at == axis else max(1, length) for at, length in enumerate(shape)]
    if row > _WIDEST_ROW:
        for at, length in enumerate(chunks):
            over = math.prod(chunks) * itemsize / _CHUNK_BYTES
            chunks[at] = max(1, math.ceil(length / over)) if over > 1 else length
    return tuple(chunks)


def blocks_of_array(
    shape: tuple[int, ...], unit: tuple[int, ...], *, itemsize: int, axis: int, limit: int
) -> Iterator[Block]:
    """Cut an array into blocks of at most `limit` bytes, and of whole units.

    Args:
        shape: Shape of the array.
        unit: What is cheapest to read at once, such as a chunk; a block holds one even where it is
            larger than `limit`.
        itemsize: Bytes of one value.
        axis: The axis that runs slowest, so that blocks come in the order of its rows.
        limit: Bytes of a block.
    """
    block = list(unit)
    order = [at for at in reversed(range(len(shape))) if at != axis] + [axis]
    for at in order:
        n_units = -(-shape[at] // unit[at])
        fit = max(1, limit // max(1, math.prod(block) * itemsize))
        block[at] = unit[at] * min(n_units, fit)
        if fit < n_units:
            break
    slowest = [axis, *(at for at in range(len(shape)) if at != axis)]
    starts = [range(0, shape[at], max(1, block[at])) for at in slowest]
    for corner in product(*starts):
        begin = dict(zip(slowest, corner, strict=True))
        yield tuple((begin[at], min(begin[at] + block[at], shape[at])) for at in range(len(shape)))
