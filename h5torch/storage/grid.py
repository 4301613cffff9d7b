"""Which chunks hold which values: arithmetic on the grid of an array."""

import math
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import attrs
import numpy as np

from h5torch.rows import Rows

Index: TypeAlias = int | slice | Rows
Slices: TypeAlias = tuple[slice, ...]


class Group(NamedTuple):
    """Wanted rows that lie in the same chunks; a batch may have one a row, so it is a bare tuple."""

    chunk: int
    """Which chunk along the axis."""
    there: Index
    """Where the rows go, among the rows wanted."""
    here: Index
    """Which rows of the chunk they are."""


@attrs.frozen(kw_only=True)
class Column:
    """The chunks at one place of all axes but one.

    Attributes:
        first: Number in the grid of the first of them.
        inside: Which part of the other axes of the array they hold.
        crop: Which part of the other axes of a chunk that is; the rest reaches over the edge.
    """

    first: int
    inside: Slices
    crop: Slices


@attrs.frozen(kw_only=True)
class Grid:
    """The chunks of one array, numbered in C order."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return tuple(-(-length // chunk) for length, chunk in zip(self.shape, self.chunks, strict=True))

    @property
    def strides(self) -> tuple[int, ...]:
        """By how much the number of a chunk grows along each axis."""
        return c_strides(self.lengths)

    def columns(self, axis: int) -> tuple[Column, ...]:
        """Return the columns of chunks along `axis`; often there is but one."""
        others = [at for at in range(len(self.shape)) if at != axis]
        lengths, strides = self.lengths, self.strides
        columns = []
        for place in np.ndindex(*(lengths[at] for at in others)):
            starts = [at * self.chunks[other] for at, other in zip(place, others, strict=True)]
            stops = [
                min(start + self.chunks[other], self.shape[other])
                for start, other in zip(starts, others, strict=True)
            ]
            bounds = list(zip(starts, stops, strict=True))
            columns.append(
                Column(
                    first=sum(at * strides[other] for at, other in zip(place, others, strict=True)),
                    inside=tuple(slice(start, stop) for start, stop in bounds),
                    crop=tuple(slice(0, stop - start) for start, stop in bounds),
                )
            )
        return tuple(columns)

    def is_whole(self, axis: int) -> bool:
        """Whether one column along `axis` holds all the other axes, and nothing over their edge."""
        pairs = enumerate(zip(self.shape, self.chunks, strict=True))
        return all(length == chunk for at, (length, chunk) in pairs if at != axis)


def c_strides(lengths: Sequence[int]) -> tuple[int, ...]:
    """Return by how much a number in C order grows along each axis."""
    return tuple(math.prod(lengths[at + 1 :]) for at in range(len(lengths)))


def groups_of_rows(rows: Rows, *, length: int) -> list[Group]:
    """Group rows by the chunks of `length` rows that they lie in, chunks ascending.

    Args:
        rows: Row numbers, shape `(n,)`, any order, repeats allowed.
        length: Rows of a chunk.
    """
    if not len(rows):
        return []
    order: Rows = np.argsort(rows, kind="stable")
    ordered = rows[order]
    chunk, here = np.divmod(ordered, length)
    cuts = (np.flatnonzero(chunk[1:] != chunk[:-1]) + 1).tolist()
    # How often, up to each row, the next row of the array was also the next one wanted.
    steps = np.zeros(len(rows), dtype=np.intp)
    np.cumsum((np.diff(ordered) == 1) & (np.diff(order) == 1), out=steps[1:])
    firsts = [0, *cuts]
    facts = zip(
        firsts,
        [*cuts, len(rows)],
        chunk[firsts].tolist(),
        order[firsts].tolist(),
        here[firsts].tolist(),
        strict=True,
    )
    groups = []
    for start, stop, number, there, first in facts:
        count = stop - start
        if count == 1:
            groups.append(Group(number, there, first))
        elif steps[stop - 1] - steps[start] == count - 1:
            groups.append(Group(number, slice(there, there + count), slice(first, first + count)))
        else:
            groups.append(Group(number, order[start:stop], here[start:stop]))
    return groups


def groups_of_slices(starts: Sequence[int], stops: Sequence[int], *, length: int) -> list[Group]:
    """Group slices of rows, laid one after the other, by the chunks of `length` rows they go through.

    Args:
        starts: First row of each slice.
        stops: The row after the last; not before the first.
        length: Rows of a chunk.
    """
    groups = []
    end = 0
    for start, stop in zip(starts, stops, strict=True):
        row = start
        while row < stop:
            chunk, here = divmod(row, length)
            count = min(stop - row, length - here)
            groups.append(Group(chunk, slice(end, end + count), slice(here, here + count)))
            end += count
            row += count
    groups.sort(key=itemgetter(0))
    return groups
