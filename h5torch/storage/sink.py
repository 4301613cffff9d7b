"""Writing arrays into an open HDF5 file."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import h5py
import numpy as np

from h5torch.errors import ArgumentTypeError, RegisterError, StorageError
from h5torch.rows import Array

# Datasets whose length is not known beforehand are stored in chunks of about so many bytes.
_CHUNK_BYTES = 1 << 20
_LEAST_BYTES = 1 << 12
# Smaller arrays are always filled with zeros when they are made.
_FILL_BYTES = 1 << 24


def _as_chunks(asked: Any) -> bool | int | tuple[int, ...]:
    if asked is None:
        return False
    is_shape = isinstance(asked, (tuple, list))
    lengths = asked if is_shape else (asked,)
    if not all(isinstance(length, (int, np.integer)) and length >= is_shape for length in lengths):
        msg = f"chunks={asked!r}: give True, the rows in a chunk, or the shape of a chunk, all positive"
        raise ArgumentTypeError(msg)
    return tuple(asked) if is_shape else asked


@attrs.frozen(kw_only=True)
class Storage:
    """How the caller wants arrays stored; the default is one contiguous run of bytes."""

    chunks: bool | int | tuple[int, ...] = attrs.field(default=False, converter=_as_chunks)
    compression: str | int | None = None
    options: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def contiguous(self) -> bool:
        """Whether nothing asks for chunks."""
        return not self.chunks and self.compression is None and not self.options


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
        arguments = self._layout(part, shape, dtype, grow_axis, expect)
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

    def write_all(self, part: str, values: Array, *, utf8: bool = False) -> None:
        """Make an array of exactly these values."""
        arguments = self._layout(part, values.shape, values.dtype, None, 0) if values.ndim else {}
        dtype = _h5_dtype(values.dtype, utf8=utf8)
        self._make(part, data=values.view(dtype), dtype=dtype, **arguments)

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
        return n_bytes < _FILL_BYTES or int(self.file.file.id.get_freespace()) >= n_bytes

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
        self, part: str, shape: tuple[int, ...], dtype: np.dtype[Any], grow_axis: int | None, expect: int
    ) -> dict[str, Any]:
        """Decide chunks and filters of one dataset."""
        if grow_axis is None and (self.storage.contiguous or 0 in shape):
            return {}
        maxshape = tuple(None if axis == grow_axis else n for axis, n in enumerate(shape))
        asked = self.storage.chunks
        if isinstance(asked, tuple) and len(asked) != len(shape) and not part:
            msg = f"{self.path}: chunks={asked} has {len(asked)} axes, the data have {len(shape)}"
            raise RegisterError(msg)
        if isinstance(asked, tuple) and len(asked) == len(shape):
            chunks = asked
        else:
            rows = asked if isinstance(asked, int) and not isinstance(asked, bool) else None
            chunks = chunk_shape(shape, dtype.itemsize, axis=grow_axis or 0, rows=rows, expect=expect)
        if grow_axis is None:
            chunks = tuple(min(a, b) for a, b in zip(chunks, shape, strict=True))
        return {
            "maxshape": maxshape,
            "chunks": chunks,
            "compression": self.storage.compression,
            **self.storage.options,
        }


def chunk_shape(
    shape: tuple[int, ...], itemsize: int, *, axis: int, rows: int | None, expect: int
) -> tuple[int, ...]:
    """Choose chunks of whole rows.

    Args:
        shape: Shape of the dataset.
        itemsize: Bytes of one value.
        axis: The axis whose rows are chunked.
        rows: Rows in a chunk as asked for, or `None`: as many as make a mebibyte, but no more
            than are written at a time, down to four kibibytes.
        expect: Rows written at a time, or 0 where that is unknown.
    """
    row_bytes = max(1, itemsize)
    for at, length in enumerate(shape):
        row_bytes *= 1 if at == axis else max(1, length)
    largest, smallest = _CHUNK_BYTES // row_bytes, _LEAST_BYTES // row_bytes
    n_rows = rows or max(1, min(largest, max(smallest, expect or largest)))
    return tuple(n_rows if at == axis else max(1, length) for at, length in enumerate(shape))


def _h5_dtype(dtype: np.dtype[Any], *, utf8: bool) -> np.dtype[Any]:
    return h5py.string_dtype("utf-8", dtype.itemsize) if utf8 else dtype
