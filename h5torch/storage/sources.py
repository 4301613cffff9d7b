"""Reading arrays: the parts of one object, and a dataset read by slices through h5py."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs
import h5py
import numpy as np

from h5torch.errors import StorageError
from h5torch.rows import Array, Rows
from h5torch.storage.mapped import MapSource
from h5torch.storage.plan import plan_reads
from h5torch.storage.ports import Source

# A slice costs h5py about as much time as reading this many bytes that nobody asked for.
_GAP_BYTES = 1 << 16
# Elements are picked from whole rows up to this size, and one by one beyond it.
_ROW_BYTES = 1 << 20
# HDF5 keeps at least so many bytes of decoded chunks of a dataset.
_CACHE_BYTES = 1 << 20


@attrs.frozen
class H5Source:
    """A dataset of an open HDF5 file, read by slices: each costs more than the rows in it."""

    dataset: h5py.Dataset
    why: str = "it was asked for"
    reader: ClassVar[str] = "h5py"

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
        joined = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=axis, dtype=self.dtype)
        return np.moveaxis(np.take(joined, plan.gather, axis=axis), axis, 0)

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

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return slices along axis 0; neighbours are read together."""
        wanted = sorted((start, stop) for start, stop in zip(starts, stops, strict=True) if stop > start)
        gap = _GAP_BYTES // self.dataset.dtype.itemsize
        runs: list[list[int]] = []
        for start, stop in wanted:
            if runs and start <= runs[-1][1] + gap:
                runs[-1][1] = max(runs[-1][1], stop)
            else:
                runs.append([start, stop])
        begins = np.array([begin for begin, _ in runs] or [0])
        read = [self._read(slice(*run)) for run in runs] or [self._read(slice(0, 0))]
        home = np.maximum(np.searchsorted(begins, starts, side="right") - 1, 0).tolist()
        return [
            read[at][start - int(begins[at]) : stop - int(begins[at])] if stop > start else read[at][:0]
            for at, start, stop in zip(home, starts, stops, strict=True)
        ]


class NodeSources(Mapping[str, Source]):
    """The arrays of one object: its parts by name, or itself under the empty name."""

    def __init__(self, node: Any, source_of: Callable[[Any], Source] | None = None) -> None:
        """Look into an open HDF5 object, or into what `File.to_dict` gave for it.

        Args:
            node: The object.
            source_of: How a dataset of it is read; by h5py if it does not say.
        """
        self._node = node
        self._source_of = source_of or plain_source
        self._known: dict[str, Source] = {}

    def __getitem__(self, part: str) -> Source:
        """Return the array named `part`.

        Raises:
            KeyError: there is none.
        """
        known = self._known.get(part)
        if known is not None:
            return known
        source = self._source_of(self._node[part] if part else self._node)
        if not part.isdecimal():  # the rows of `separate`, of which there may be millions
            self._known[part] = source
        return source

    def __iter__(self) -> Iterator[str]:
        """Go over the names of the parts."""
        return iter(self._node if hasattr(self._node, "keys") else [""])

    def __len__(self) -> int:
        """Return the number of parts."""
        return sum(1 for _ in self)


def plain_source(node: Any) -> Source:
    """Return a source for a dataset of an open file, through h5py, or for an array in memory."""
    return H5Source(node) if isinstance(node, h5py.Dataset) else MapSource(np.asarray(node), "memory")
