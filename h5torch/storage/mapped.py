"""Arrays at hand, in memory or in a read-only map of a file: NumPy reads them."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from h5torch.rows import Array, Rows


def _contiguous(array: Array) -> Array:
    """Return an array whose rows `take` can read in place; it would copy the whole of any other."""
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _bytes_of(array: Array) -> Any:
    """Return the bytes of a contiguous array, as NumPy and Python both understand them."""
    return array.reshape(-1).view(np.uint8)


@attrs.frozen(eq=False)
class MapSource:
    """An array that NumPy can index; what is read of it are copies, but for `slices`.

    Attributes:
        array: The values, of any rank, read-only where they are a map.
        reader: What it is, for `Dataset.explain`: `"map"` or `"memory"`.
        extent: Where the bytes lie, where they lie in a file.
    """

    array: Array = attrs.field(converter=_contiguous)
    reader: str = "map"
    extent: Any = None
    _aligned: bool = attrs.field(init=False)
    _memory: memoryview = attrs.field(init=False)  # empty where values are objects

    def __attrs_post_init__(self) -> None:
        """Look once at what every batch needs to know."""
        object.__setattr__(self, "_aligned", bool(self.array.flags.aligned))
        known = np.empty(0, np.uint8) if self.array.dtype.hasobject else self.array
        object.__setattr__(self, "_memory", memoryview(_bytes_of(known)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the values."""
        return self.array.dtype

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        array = self.array
        if self._aligned and not axis:
            return array.take(rows, 0)
        if self._aligned:
            found = array.take(rows, axis)
        else:  # `take` would copy the whole array to addresses that suit its dtype
            index: tuple[Any, ...] = (*(slice(None),) * axis, rows)
            found = array[index]
        return found.transpose((axis, *range(axis), *range(axis + 1, found.ndim)))

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        return np.asarray(self.array[index])

    def whole(self) -> Array:
        """Return a copy of the whole array."""
        return np.array(self.array)

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return views of slices along axis 0."""
        array = self.array
        return [array[start:stop] for start, stop in zip(starts, stops, strict=True)]

    def join(self, starts: Sequence[int], lengths: Sequence[int], into: Array) -> None:
        """Copy slices of a flat array, one after the other, into an array of the same dtype."""
        source, target = self._memory, memoryview(_bytes_of(into))
        itemsize, at = into.itemsize, 0
        for start, length in zip(starts, lengths, strict=True):  # memoryviews copy with half of NumPy's ado
            first, n_bytes = start * itemsize, length * itemsize
            target[at : at + n_bytes] = source[first : first + n_bytes]
            at += n_bytes

    def padded(self, starts: Sequence[int], lengths: Sequence[int], width: int) -> Array:
        """Return slices of a flat array as rows of one array, filled up with zeros.

        Args:
            starts: Where each slice begins.
            lengths: How long each is, at most `width`.
            width: Length of a row.
        """
        rows = np.zeros((len(starts), width), self.array.dtype)
        source, target = self._memory, memoryview(_bytes_of(rows))
        itemsize, at = rows.itemsize, 0
        for start, length in zip(starts, lengths, strict=True):
            first, n_bytes = start * itemsize, length * itemsize
            target[at : at + n_bytes] = source[first : first + n_bytes]
            at += width * itemsize
        return rows
