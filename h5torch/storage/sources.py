"""Reading arrays: from an HDF5 dataset, or from an array in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import h5py
import numpy as np

from h5torch.errors import StorageError
from h5torch.rows import Array, Rows
from h5torch.storage.plan import plan_reads
from h5torch.storage.ports import Source

# A slice costs h5py about as much time as reading this many bytes that nobody asked for.
_GAP_BYTES = 1 << 16
# Elements are picked from whole rows up to this size, and one by one beyond it.
_ROW_BYTES = 1 << 20
# HDF5 keeps at least so many bytes of decoded chunks of a dataset.
_CACHE_BYTES = 1 << 20


@attrs.frozen
class ArraySource:
    """An array in memory; what it gives are copies."""

    array: Array

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
        return np.moveaxis(np.take(self.array, rows, axis=axis), axis, 0)

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        return np.asarray(self.array[index])

    def whole(self) -> Array:
        """Return a copy of the whole array."""
        return np.array(self.array)

    def ranges(self, starts: Rows, stops: Rows) -> Array:
        """Return slices along axis 0, one after the other."""
        pieces = [self.array[start:stop] for start, stop in zip(starts, stops, strict=True)]
        return np.concatenate([self.array[:0], *pieces])


@attrs.frozen
class H5Source:
    """A dataset of an open HDF5 file, read by slices: each costs more than the rows in it."""

    dataset: h5py.Dataset

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole dataset."""
        return self.dataset.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the values as stored."""
        return np.dtype(self.dataset.dtype)

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        plan = plan_reads(rows, max_gap=self._gap(axis))
        before = (slice(None),) * axis
        pieces = [self._read((*before, slice(*run))) for run in plan.runs]
        if not pieces:
            pieces = [self._read((*before, slice(0, 0)))]
        return np.moveaxis(np.take(np.concatenate(pieces, axis=axis), plan.gather, axis=axis), axis, 0)

    def _gap(self, axis: int) -> int:
        """Return how many unwanted rows cost less than another slice.

        Rows of one chunk are read together where the chunks that a row goes through do not fit into
        HDF5's cache: else each slice would read all of them anew.
        """
        row_bytes = self.dataset.size // max(1, self.shape[axis]) * self.dataset.dtype.itemsize
        gap = _GAP_BYTES // max(1, row_bytes)
        rows = 1 if self.dataset.chunks is None else self.dataset.chunks[axis]
        return max(gap, rows - 1) if rows * row_bytes > _CACHE_BYTES else gap

    def _read(self, selection: Any) -> Array:
        """Read one selection, naming the dataset where HDF5 cannot.

        Raises:
            StorageError: bytes cannot be read or decoded.
        """
        try:
            return np.asarray(self.dataset[selection])
        except (OSError, RuntimeError, KeyError) as error:
            msg = f"{self.dataset.name}: HDF5 cannot read {selection} ({error}); is the file damaged?"
            raise StorageError(msg) from error

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements, through the rows of axis 0 where those are small."""
        row_bytes = self.dataset.size // max(1, self.shape[0]) * self.dataset.dtype.itemsize
        if row_bytes <= _ROW_BYTES:
            rows, place = np.unique(index[0], return_inverse=True)
            return np.asarray(self.take(rows)[(place, *index[1:])])
        elements = [self._read(tuple(int(part) for part in at)) for at in zip(*index, strict=True)]
        return np.array(elements, dtype=self.dtype)

    def whole(self) -> Array:
        """Return the whole dataset."""
        return self._read(())

    def ranges(self, starts: Rows, stops: Rows) -> Array:
        """Return slices along axis 0, one after the other; neighbours are read together."""
        filled = stops > starts
        if not filled.any():
            return self._read(slice(0, 0))
        first, last = starts[filled], stops[filled]
        order = np.argsort(first, kind="stable")
        reach = np.maximum.accumulate(last[order])
        gap = _GAP_BYTES // self.dataset.dtype.itemsize
        breaks = np.flatnonzero(first[order][1:] > reach[:-1] + gap) + 1
        begins = first[order][np.concatenate([[0], breaks])]
        ends = reach[np.concatenate([breaks - 1, [-1]])]
        read = [self._read(slice(begin, end)) for begin, end in zip(begins, ends, strict=True)]
        run = np.searchsorted(begins, first, side="right") - 1
        return np.concatenate(
            [
                read[at][start - begins[at] : stop - begins[at]]
                for at, start, stop in zip(run, first, last, strict=True)
            ]
        )


class NodeSources(Mapping[str, Source]):
    """The arrays of one object: its parts by name, or itself under the empty name."""

    def __init__(self, node: Any) -> None:
        """Look into an open HDF5 object, or into what `File.to_dict` gave for it."""
        self._node = node
        self._known: dict[str, Source] = {}

    def __getitem__(self, part: str) -> Source:
        """Return the array named `part`.

        Raises:
            KeyError: there is none.
        """
        if part not in self._known:
            node = self._node[part] if part else self._node
            self._known[part] = source_of(node)
        return self._known[part]

    def __iter__(self) -> Iterator[str]:
        """Go over the names of the parts."""
        return iter(self._node if hasattr(self._node, "keys") else [""])

    def __len__(self) -> int:
        """Return the number of parts."""
        return sum(1 for _ in self)


def source_of(node: Any) -> Source:
    """Return a source for a dataset of an open file or an array in memory."""
    return H5Source(node) if isinstance(node, h5py.Dataset) else ArraySource(np.asarray(node))
