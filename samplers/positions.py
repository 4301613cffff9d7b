"""Arithmetic on positions: which of them make up each batch, and where a pass goes on."""

from collections.abc import Iterator

from samplers.errors import SamplerError

__all__ = ["batch_bounds", "check_batches", "n_batches", "usable"]


def check_batches(length: int, *, batch_size: int, drop_last: bool) -> None:
    """Refuse batches of which an epoch would have none.

    Raises:
        SamplerError: the epoch is empty, `batch_size` is below 1, or, dropping the last batch where it is
            smaller, exceeds the epoch.
    """
    if batch_size < 1:
        msg = f"batch_size must be at least 1, got {batch_size}"
        raise SamplerError(msg)
    if length < 1:
        msg = "there is nothing to draw from: the dataset, or its part of the split, has no rows"
        raise SamplerError(msg)
    if drop_last and batch_size > length:
        msg = (
            f"batch_size={batch_size} with drop_last=True leaves no batch of {length} rows; "
            f"lower batch_size or pass drop_last=False"
        )
        raise SamplerError(msg)


def usable(length: int, *, batch_size: int, drop_last: bool) -> int:
    """Return how many positions of an epoch are drawn: all, or those that fill whole batches."""
    return length - length % batch_size if drop_last else length


def n_batches(length: int, *, batch_size: int, drop_last: bool) -> int:
    """Return the number of batches of an epoch."""
    return -(-usable(length, batch_size=batch_size, drop_last=drop_last) // batch_size)


def batch_bounds(start: int, length: int, *, batch_size: int, drop_last: bool) -> Iterator[tuple[int, int]]:
    """Yield the half-open ranges of positions of the batches from position `start` on.

    Each follows the one before and all but the last hold `batch_size` positions; with `drop_last` a
    smaller last one is left out.
    """
    for first in range(start, length, batch_size):
        last = min(first + batch_size, length)
        if last - first == batch_size or not drop_last:
            yield first, last
