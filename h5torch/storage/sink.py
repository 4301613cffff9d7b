"""Writing arrays into an open HDF5 file."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import attrs
import h5py
import numpy as np

from h5torch.errors import ArgumentTypeError, RegisterError, StorageError
from h5torch.layouts.cuts import fill
from h5torch.rows import Array

Use: TypeAlias = Literal["random", "sequential"]
"""How rows will be drawn: in any order, or one after the other."""

# Bytes of a chunk. One that is read straight from the file, or in order, may be large; of one that has
# to be decoded for every row drawn from it, 16 KiB is where compressing less well begins to cost more.
_CHUNK_BYTES = 1 << 20
_RANDOM_BYTES = 1 << 14
_RANDOM_GROWING_BYTES = 1 << 16  # of a dataset that may become of any size
_LEAST_BYTES = 1 << 12
_MOST_CHUNKS = 1 << 20  # of a dataset: its index takes some 100 bytes for each
_FILTERS = ("shuffle", "fletcher32", "scaleoffset")
# Smaller arrays are always filled with zeros when they are made.
FILL_BYTES = 1 << 24


def _as_chunks(asked: Any) -> bool | int | tuple[int, ...]:
    if asked is None:
        return False
    is_shape = isinstance(asked, (tuple, list))
    lengths = asked if is_shape else (asked,)
    if not all(isinstance(length, (int, np.integer)) and length >= is_shape for length in lengths):
        msg = f"chunks={asked!r}: give True, the rows in a chunk, or the shape of a chunk, all positive"
        raise ArgumentTypeError(msg)
    return tuple(asked) if is_shape else asked


def _as_use(use: Any) -> Use:
    choices: tuple[Use, ...] = ("random", "sequential")
    for choice in choices:
        if use == choice:
            return choice
    msg = f"use={use!r}: give 'random' or 'sequential'"
    raise ArgumentTypeError(msg)


@attrs.frozen(kw_only=True)
class Storage:
    """How the caller wants arrays stored; the default is one contiguous run of bytes."""

    chunks: bool | int | tuple[int, ...] = attrs.field(default=False, converter=_as_chunks)
    compression: str | int | None = None
    options: Mapping[str, Any] = attrs.field(factory=dict)
    use: Use = attrs.field(default="random", converter=_as_use)

    @property
    def contiguous(self) -> bool:
        """Whether nothing asks for chunks."""
        return not self.chunks and self.compression is None and not self.options

    def chunk_bytes(self, *, growing: bool) -> int:
        """Bytes that a chunk should have."""
        filters = [self.compression, *(self.options.get(name) for name in _FILTERS)]
        if self.use == "sequential" or all(choice is None or choice is False for choice in filters):
            return _CHUNK_BYTES
        return _RANDOM_GROWING_BYTES if growing else _RANDOM_BYTES


@contextlib.contextmanager
def refusals_of_hdf5(file: h5py.Group, key: str) -> Iterator[None]:
    """Say what was being written when HDF5 refuses.

    Raises:
        RegisterError: the storage options make no sense for the data.
        StorageError: the disk or the file system failed.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        msg = f"{key}: HDF5 does not take these storage options ({error}); see chunks= and compression="
        raise RegisterError(msg) from error
    except (OSError, RuntimeError) as error:
        msg = f"{file.file.filename}: writing {key} failed ({error}); is the disk full?"
        raise StorageError(msg) from error


@attrs.frozen
class H5Sink:
    """One object of an open HDF5 file, made of named datasets (the empty name: one dataset)."""

    file: h5py.Group
    path: str
    storage: Storage = Storage()

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
        axis, grows = grow_axis or 0, grow_axis is not None
        arguments = self._layout(part, shape, dtype, axis, grows=grows, expect=expect)
        if self._could_be_recycled(shape, dtype):
            arguments = {"fillvalue": np.zeros((), dtype)[()], **arguments}
        self._make(part, shape=shape, dtype=_h5_dtype(dtype, utf8=utf8), **arguments)

    def create_vlen(self, part: str, *, length: int, dtype: np.dtype[Any], growing: bool) -> None:
        """Make an array of variable-length rows."""
        if not self.storage.contiguous:
            msg = f"{self.path}: HDF5 cannot chunk or compress rows of mode='vlen'; use mode='ragged'"
            raise RegisterError(msg)
        maxshape = (None,) if growing else None
        self._make(part, shape=(length,), maxshape=maxshape, dtype=h5py.vlen_dtype(dtype))

    def write_all(self, part: str, values: Array, *, axis: int = 0, utf8: bool = False) -> None:
        """Make an array of exactly these values, whose rows lie along `axis`."""
        arguments = self._layout(part, values.shape, values.dtype, axis) if values.ndim else {}
        dtype = _h5_dtype(values.dtype, utf8=utf8)
        self._make(part, data=values.view(dtype), dtype=dtype, **arguments)

    def write_pieces(
        self, part: str, pieces: Iterable[Array], *, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        """Make an array of exactly these pieces, one after the other along axis 0.

        Each piece is used up before the next one is asked for, which may lie in the same memory.
        """
        if not self.storage.contiguous:  # a chunk that two pieces share would be compressed twice
            self.write_all(part, fill(pieces, into=np.empty(shape, dtype)))
            return
        # No fill value is set, for nothing is left unwritten: filling costs as much as writing.
        self._make(part, shape=shape, dtype=dtype)
        start = 0
        for piece in pieces:
            self.write(part, start, piece)
            start += len(piece)

    def write(self, part: str, start: int, values: Array, *, axis: int = 0) -> None:
        """Write `values` at `start` along `axis`, lengthening a growing array where needed."""
        stop = start + values.shape[axis]
        if stop == start:
            return
        dataset = self._dataset(part)
        if dataset.dtype.kind == "S":  # HDF5 tells UTF-8 from bytes by the dtype's metadata
            values = values.astype(f"S{dataset.dtype.itemsize}").view(dataset.dtype)
        if dataset.shape[axis] < stop and (dataset.chunks is None or dataset.maxshape[axis] is not None):
            msg = (
                f"{self.path}: holds {dataset.shape[axis]} entries and cannot grow to {stop}; register it "
                "anew, with chunks=True if it is to grow"
            )
            raise RegisterError(msg)
        with refusals_of_hdf5(self.file, self.path):
            if dataset.shape[axis] < stop:
                dataset.resize(stop, axis=axis)
            dataset[(*(slice(None),) * axis, slice(start, stop))] = values

    def dtype(self, part: str) -> np.dtype[Any]:
        """Return the dtype of an array that is there."""
        return self._dataset(part).dtype

    def write_objects(self, part: str, start: int, rows: tuple[Array, ...]) -> None:
        """Write variable-length rows from row `start` on."""
        dataset = self._dataset(part)
        with refusals_of_hdf5(self.file, self.path):
            if dataset.shape[0] < start + len(rows):
                dataset.resize(start + len(rows), axis=0)
            for row, values in enumerate(rows, start):
                dataset[row] = values

    def _could_be_recycled(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
        """Whether HDF5 may put an array where deleted bytes lie, which it would then show as values.

        Filling costs as much as writing, so large arrays that find no such place are left to the end
        of the file, where what was never written reads as zeros.
        """
        n_bytes = math.prod(shape) * dtype.itemsize
        return n_bytes < FILL_BYTES or int(self.file.file.id.get_freespace()) >= n_bytes

    def _make(self, part: str, **arguments: Any) -> None:
        with refusals_of_hdf5(self.file, self.path):
            self.file.create_dataset(self._name(part), **arguments)

    def _name(self, part: str) -> str:
        return f"{self.path}/{part}" if part else self.path

    def _dataset(self, part: str) -> h5py.Dataset:
        dataset = self.file[self._name(part)]
        if not isinstance(dataset, h5py.Dataset):
            raise TypeError(self._name(part))
        return dataset

    def _layout(
        self,
        part: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        axis: int,
        *,
        grows: bool = False,
        expect: int = 0,
    ) -> dict[str, Any]:
        """Decide chunks and filters of one dataset."""
        if not grows and (self.storage.contiguous or 0 in shape):
            return {}
        asked = self.storage.chunks
        if isinstance(asked, tuple) and len(asked) != len(shape) and not part:
            msg = f"{self.path}: chunks={asked} has {len(asked)} axes, the data have {len(shape)}"
            raise RegisterError(msg)
        if isinstance(asked, tuple) and len(asked) == len(shape):
            chunks = asked if grows else tuple(min(a, b) for a, b in zip(asked, shape, strict=True))
        else:
            chunks = chunk_shape(
                shape,
                dtype.itemsize,
                axis=axis,
                grows=grows,
                rows=None if isinstance(asked, bool | tuple) else asked,
                expect=expect,
                target=self.storage.chunk_bytes(growing=grows),
            )
        return {
            "maxshape": tuple(None if grows and at == axis else n for at, n in enumerate(shape)),
            "chunks": chunks,
            "compression": self.storage.compression,
            **self.storage.options,
        }


def chunk_shape(
    shape: tuple[int, ...],
    itemsize: int,
    *,
    axis: int,
    grows: bool,
    rows: int | None,
    expect: int,
    target: int,
) -> tuple[int, ...]:
    """Choose chunks of whole rows, at least one.

    Args:
        shape: Shape of the dataset.
        itemsize: Bytes of one value.
        axis: The axis whose rows are chunked.
        grows: Whether that axis may become longer; if not, chunks are no longer than the axis.
        rows: Rows in a chunk as asked for, or `None` for as many as make `target`.
        expect: Rows written to a growing dataset at a time, or 0 where that is unknown: its chunks
            have no more, down to four kibibytes.
        target: Bytes a chunk should have; more where the chunks would be over a million.
    """
    row_bytes = max(1, itemsize)
    for at, length in enumerate(shape):
        row_bytes *= 1 if at == axis else max(1, length)
    n_rows = rows or max(1, target // row_bytes)
    if not grows:
        fewest = 1 if rows else -(-shape[axis] // _MOST_CHUNKS)
        n_rows = max(1, min(max(n_rows, fewest), shape[axis]))
    elif not rows and expect:
        n_rows = min(n_rows, max(1, expect, _LEAST_BYTES // row_bytes))
    return tuple(n_rows if at == axis else max(1, length) for at, length in enumerate(shape))


def _h5_dtype(dtype: np.dtype[Any], *, utf8: bool) -> np.dtype[Any]:
    return h5py.string_dtype("utf-8", dtype.itemsize) if utf8 else dtype
