"""What a layout needs of storage: arrays to read from and arrays to write to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from h5torch.rows import Array, Rows


class Source(Protocol):
    """One stored array, read in pieces. Rows asked for lie within it: whoever asks has checked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the values as stored."""

    def take(self, rows: Rows, *, axis: int = 0) -> Array:
        """Return rows along `axis`, that axis first, in the order asked, repeats kept; a new array."""

    def pick(self, index: tuple[Rows, ...]) -> Array:
        """Return single elements: one index array an axis, all of shape `(n,)`; a new array."""

    def whole(self) -> Array:
        """Return the whole array, as a new one."""

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """Return `array[start:stop]` of every pair along axis 0; views perhaps, to be read at once."""


class Bytes(Protocol):
    """The bytes of one file."""

    size: int
    """Length of the file when it was opened."""
    path: str
    """Where the file lies, for messages."""
    array: Array | None
    """All bytes, uint8, as a read-only map, where there is one."""

    def read(self, offset: int, length: int) -> Array:
        """Return a run of bytes, uint8 `(length,)`, a read-only view perhaps.

        Raises:
            StorageError: the file has become shorter, or the disk fails.
        """


class Sink(Protocol):
    """One object being written, as named arrays; the empty name is the object itself."""

    def create(
        self,
        part: str,
        *,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        grow_axis: int | None = None,
        expect: int = 0,
        utf8: bool = False,
    ) -> None:
        """Make an array; with `grow_axis` it may be lengthened, by about `expect` at a time."""

    def create_vlen(self, part: str, *, length: int, dtype: np.dtype[Any], growing: bool) -> None:
        """Make an array of variable-length rows."""

    def write(self, part: str, start: int, values: Array, *, axis: int = 0) -> None:
        """Write `values` at `start` along `axis`, lengthening a growing array where needed."""

    def dtype(self, part: str) -> np.dtype[Any]:
        """Return the dtype of an array that is there."""

    def write_all(self, part: str, values: Array, *, axis: int = 0, utf8: bool = False) -> None:
        """Make an array of exactly these values, whose rows lie along `axis`."""

    def write_pieces(
        self, part: str, pieces: Iterable[Array], *, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        """Make an array of exactly these pieces, one after the other along axis 0."""

    def write_objects(self, part: str, start: int, rows: tuple[Array, ...]) -> None:
        """Write variable-length rows from row `start` on."""


Sources: TypeAlias = Mapping[str, Source]
