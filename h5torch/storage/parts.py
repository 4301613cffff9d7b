"""Arrays whose rows lie in several others, each of which is read in its own way."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import numpy as np

from h5torch.rows import Array, Rows
from h5torch.storage.extents import Extent, Part, Parts
from h5torch.storage.grid import groups_of_rows
from h5torch.storage.ports import Source


class PartsSource:
    """A virtual array, or one in external files: each part is opened when one of its rows is asked for."""

    reader: ClassVar[str] = "parts"

    def __init__(self, extent: Extent, where: Parts, open_part: Callable[[Part], Source]) -> None:
        """Read the array at `extent`.

        Args:
            extent: What the array is.
            where: Its parts.
            open_part: Opens the source of one part, whose rows from `first` on are those of the part; of
                the dtype of the array, and its shape but for the rows.
        """
        self.extent, self.shape, self.dtype = extent, extent.shape, extent.dtype
        self._parts, self._open_part = where.parts, open_part
        self._stops = np.array([part.stop for part in where.parts])
        self._sources: dict[int, Source] = {}

    def _source(self, at: int) -> Source:
        if at not in self._sources:
            self._sources[at] = self._open_part(self._parts[at])
        return self._sources[at]

    def _groups(self, rows: Rows) -> Iterator[tuple[int, slice | Rows]]:
        """Yield each part that rows lie in, and which of the rows asked for these are."""
        for at, there, _ in groups_of_rows(np.searchsorted(self._stops, rows, side="right"), length=1):
            yield at, slice(there, there + 1) if isinstance(there, int) else there

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first."""
        if axis:
            return self._across(rows, axis)
        out: Array = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        for at, there in self._groups(rows):
            part = self._parts[at]
            out[there] = self._source(at).take(rows[there] + (part.first - part.start))
        return out

    def _across(self, rows: Rows, axis: int) -> Array:
        """Return rows along another axis than 0: each goes through all parts."""
        others = tuple(length for at, length in enumerate(self.shape) if at != axis)
        out: Array = np.empty((len(rows), *others), dtype=self.dtype)
        for at, part in enumerate(self._parts):
            found = self._source(at).take(rows, axis=axis)
            out[:, part.start : part.stop] = found[:, part.first : part.first + part.stop - part.start]
        return out

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements."""
        rows, *others = index
        out: Array = np.empty(len(rows), dtype=self.dtype)
        for at, there in self._groups(rows):
            part = self._parts[at]
            first, *rest = (axis[there] for axis in (rows, *others))
            out[there] = self._source(at).pick((first + (part.first - part.start), *rest))
        return out

    def whole(self) -> Array:
        """Return the whole array."""
        out: Array = np.empty(self.shape, dtype=self.dtype)
        for at, part in enumerate(self._parts):
            rows = self._source(at).slices([part.first], [part.first + part.stop - part.start])
            out[part.start : part.stop] = rows[0]
        return out

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return slices along axis 0: views where one part holds them and its source gives views."""
        wanted: dict[int, list[tuple[int, int, int]]] = {}
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            at = int(np.searchsorted(self._stops, start, side="right"))
            while start < stop:
                end = min(stop, self._parts[at].stop)
                wanted.setdefault(at, []).append((number, start, end))
                start, at = end, at + 1
        pieces: list[list[Array]] = [[] for _ in starts]
        for at, runs in sorted(wanted.items()):
            shift = self._parts[at].first - self._parts[at].start
            begins, ends = [start + shift for _, start, _ in runs], [end + shift for _, _, end in runs]
            for (number, _, _), found in zip(runs, self._source(at).slices(begins, ends), strict=True):
                pieces[number].append(found)
        nothing: Array = np.empty((0, *self.shape[1:]), dtype=self.dtype)
        return [
            piece[0] if len(piece) == 1 else np.concatenate([nothing, *piece], dtype=self.dtype)
            for piece in pieces
        ]
