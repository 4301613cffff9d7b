"""Memory for large batches, used again when a batch is gone.

An allocator gives large blocks back to the operating system as soon as they are freed, and touching
fresh pages for the next batch then costs several times what the copying does.
"""

import math
from typing import Any

import numpy as np

from h5torch.rows import Array

LEAST_BYTES = 1 << 19
"""Smaller blocks stay with the allocator anyway."""
_MOST_BYTES = 32 << 20
"""Free memory kept of one size, at most; a larger block is kept alone."""
_SIZES = 8
"""Sizes of which free memory is kept."""
_STEPS = 8
"""Sizes are rounded up to one of so many between two powers of two."""

_free: dict[int, list[tuple[Array, int]]] = {}
"""Blocks of each size, and their addresses. Taking and giving back are single operations on a list."""


class _Lease:
    """Memory that an array looks at; when the last such array is gone, it is free again."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(self, block: tuple[Array, int], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._block = block
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "data": (block[1], False),
        }

    def __del__(
        self, free: dict[int, list[tuple[Array, int]]] = _free, most: int = _MOST_BYTES, sizes: int = _SIZES
    ) -> None:
        # Defaults are there to the last; the names of a module go while the interpreter shuts down.
        size = len(self._block[0])
        blocks = free.get(size)
        if blocks is None:
            if len(free) >= sizes:
                free.clear()  # sizes that nobody asks for any more
            blocks = free[size] = []
        if not blocks or (len(blocks) + 1) * size <= most:
            blocks.append(self._block)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array whose values are whatever was there; it belongs to the caller.

    Args:
        shape: Its shape.
        dtype: Its dtype; memory is used again for numbers, times and text.
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes < LEAST_BYTES or dtype.kind not in "biufcmMSU":  # `typestr` does not spell records
        return np.empty(shape, dtype)
    step = 1 << (n_bytes.bit_length() - _STEPS.bit_length())
    size = -(-n_bytes // step) * step
    blocks = _free.get(size)
    try:
        block = blocks.pop() if blocks else _new(size)
    except IndexError:  # another thread took the last one
        block = _new(size)
    return np.asarray(_Lease(block, shape, dtype))


def _new(size: int) -> tuple[Array, int]:
    memory = np.empty(size, np.uint8)
    return memory, memory.ctypes.data
