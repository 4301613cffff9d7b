"""`File`: an HDF5 file whose objects are registered by the axis they belong to."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Literal

import h5py

from h5torch.errors import ArgumentTypeError, BusyError, StorageError
from h5torch.memory import AttrArray, h5pyDict, snapshot
from h5torch.readers import close_readers, hold_writer, making_way, reading, shut_gates
from h5torch.registration import Request, append_object, register_object
from h5torch.rows import Array
from h5torch.schema import UNSTRUCTURED, Schema
from h5torch.storage.sink import Storage
from h5torch.values.convert import Casting
from h5torch.view import View
from h5torch.wire.schema import read_schema
from h5torch.wire.stamps import check_open

__all__ = ["AttrArray", "File", "h5pyDict", "opened", "warn_of_gaps"]

ALIGNMENT = 64
"""Bytes: every allocation in a new part of a file starts at a multiple of this."""


class File(h5py.File):
    """An HDF5 file that holds one dataset; everything of `h5py.File` works on it."""

    def __init__(
        self,
        path: str | bytes | os.PathLike[str] | BinaryIO,
        mode: Literal["r", "r+", "w", "w-", "x", "a"] = "r",
        driver: str | None = None,
        *,
        warn: bool = True,
        **options: Any,
    ) -> None:
        """Open a file, as `h5py.File` does.

        Args:
            path: Where it lies, or will lie; or anything else that `h5py.File` takes.
            mode: `"r"` reads, `"a"` changes or makes, `"w"` makes anew, `"x"` makes only if absent.
            driver: A driver of `h5py.File`, such as `"core"` for a file in memory.
            warn: Whether a file opened for reading warns of objects that are not filled.
            options: Any further option of `h5py.File`.

        Raises:
            BusyError: another handle writes the file, or this one would while another reads it.
            StorageError: it is no HDF5 file, or a truncated one.
            FileNotFoundError, FileExistsError, PermissionError: as the file system says.

        Warns:
            UserWarning: read-only, and an object has fewer rows filled than its length.
        """
        options = {"alignment_threshold": 1, "alignment_interval": ALIGNMENT, **options}
        if isinstance(path, str | os.PathLike) and "\0" in os.fsdecode(path):
            msg = f"{path!r}: a path cannot hold a NUL"
            raise ArgumentTypeError(msg)
        shown = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else repr(path)
        try:
            with making_way(path, mode):
                super().__init__(path, mode, driver=driver, **options)
                self._writes = mode != "r"  # a reader beside a writer says of itself that it can write
                if self._writes:
                    hold_writer(self)
        except OSError as error:
            told = str(error)
            if isinstance(error, BlockingIOError) or "already open" in told:
                msg = (
                    f"{shown}: open elsewhere, and one of both handles writes; close that one first ({told})"
                )
                raise BusyError(msg) from error
            if type(error) is not OSError:
                raise type(error)(error.errno, os.strerror(error.errno or 0), shown) from error
            msg = f"{shown}: HDF5 cannot open it, so it is cut short or no HDF5 file ({told})"
            raise StorageError(msg) from error
        if mode == "r" and warn:
            warn_of_gaps(self.schema, unfinished=False)

    def close(self) -> None:
        """Close the file, and the readers that share its handle if it was open to be changed."""
        with reading():
            shut_gates(self)
            if self and self._writes:
                close_readers(self.filename)
            super().close()

    @property
    def schema(self) -> Schema:
        """What the file holds now: a frozen record of every object's layout."""
        check_open(self)
        return read_schema(self)

    def register(
        self,
        data: Any,
        axis: int | Literal["central", "unstructured"],
        length: int | None = None,
        name: str | None = None,
        mode: Literal["auto", "N-D", "csr", "coo", "ragged", "vlen", "separate"] = "auto",
        dtype_save: Any = None,
        dtype_load: Any = None,
        csr_load_sparse: bool = False,
        *,
        categories: Any = None,
        casting: Casting = "checked",
        chunks: bool | int | tuple[int, ...] = False,
        compression: str | int | None = None,
        use: Literal["random", "sequential"] = "random",
        progress: bool = True,
        **storage: Any,
    ) -> None:
        """Store an object: the central one, one aligned to an axis of it, or anything else.

        Afterwards the object is in the file whole, or, if anything was wrong, not at all.

        Args:
            data: An array, tensor, list, SciPy sparse matrix, column of pandas or Arrow, dataset of
                an HDF5 file, or an iterable of blocks of these, which is stored block by block.
                For `mode="coo"` also a tuple of indices `(rank, nnz)`, values `(nnz,)`, and shape.
            axis: `"central"`, an axis of the central object counted from 0, or `"unstructured"`.
            length: Number of rows to make room for; `append` fills in what `data` leave.
            name: What the object is called; the central one has no name.
            mode: How it is stored. `"auto"` takes `"csr"` for SciPy sparse, `"ragged"` for rows of
                different shape and for text of very different length, `"N-D"` for the rest. Of a
                stream the first block decides: name the mode where it may not be like the others.
            dtype_save: Dtype in the file, instead of the data's own.
            dtype_load: Dtype in samples, instead of the data's own; `"str"` decodes bytes,
                `"bfloat16"` makes bfloat16 tensors.
            csr_load_sparse: Whether samples of a `csr` object are `(indices, data)`, and batches
                sparse tensors.
            categories: Names that text values or integer codes stand for, or `True` to take them,
                sorted, from text. Samples show names, tensors codes.
            casting: `"checked"` refuses conversions that change a value; `"unsafe"` allows them.
            chunks: `True`, rows per chunk, or a chunk shape, instead of one contiguous run of bytes;
                `True` lets `use` decide.
            compression: `"gzip"`, `"lzf"`, or the number of a registered filter; implies chunks.
            use: How compressed rows will be drawn: `"random"` makes chunks of about 16 KiB, since each
                row drawn decodes one; `"sequential"` makes chunks of about 1 MiB.
            progress: Whether blocks of an iterable show a progress bar on a terminal.
            storage: Further options of `h5py.Group.create_dataset`, such as `shuffle=True`.

        Raises:
            RegisterError: wrong length, axis, name or mode; mixed, ragged or empty data.
            ConversionError: a value would change on the way in or out.
            ArgumentTypeError: an argument of a kind that is not understood.
            ReadOnlyError: the file is open for reading.
            StorageError: the disk is full or refused.
        """
        request = Request(
            axis=axis,
            name=name,
            length=length,
            mode=mode,
            dtype_save=dtype_save,
            dtype_load=dtype_load,
            csr_load_sparse=csr_load_sparse,
            casting=casting,
            categories=categories,
            storage=Storage(chunks=chunks, compression=compression, use=use, options=storage),
            progress=progress,
        )
        register_object(self, data, request)

    def append(self, data: Any, name: str, *, casting: Casting = "checked", progress: bool = True) -> None:
        """Fill in the next rows of an object registered with `length=`.

        Args:
            data: Rows as `register` takes them, or an iterable of blocks: where one is refused, those
                before it stay.
            name: Key of the object: `"central"`, `"0/name"`.
            casting: As in `register`.
            progress: As in `register`.

        Raises:
            UnknownNameError: there is no such object.
            RegisterError: more rows than there is room for, or rows of another shape.
            ConversionError: a value would change on the way in or out.
            ReadOnlyError: the file is open for reading.
        """
        append_object(self, data, name, casting=casting, progress=progress)

    def column(self, key: str) -> Array:
        """Read a whole object as samples show it.

        Args:
            key: `"central"`, `"0/name"`, `"unstructured/name"`.

        Returns:
            All rows: numbers as loaded, text as `str`, names of categories, dense rows of `csr`,
            an array of objects for ragged rows and ragged text, the nonzeros of `coo`.

        Raises:
            UnknownNameError: there is no such object.
            FormatError: the object is damaged.
        """
        check_open(self)
        found = read_schema(self, [key])
        return View(self, found if key in found.objects else self.schema).column(key)

    def explain(self, batch_size: int = 256) -> Any:
        """Say how a `Dataset` of this file reads each column, and what a batch costs; `print` shows a table.

        A file that is open for writing is read by h5py, and the table says so.

        Raises:
            ArgumentTypeError: `batch_size` is no number of samples.
            FormatError: the file lacks a central object, or an object is damaged.
        """
        dataset = import_module("h5torch.dataset").Dataset  # which stands on this module
        sampling = "coo" if self.schema.central.mode == "coo" else 0
        return dataset(self, sampling).explain(batch_size)

    def to_dict(self) -> h5pyDict:
        """Read the whole file into memory: a dict of arrays that `Dataset` takes in its place."""
        check_open(self)
        return snapshot(self)

    def __repr__(self) -> str:
        """Name the file and its mode, or say that it is closed."""
        if not self:
            return "<Closed h5torch file>"
        return f'<h5torch file "{Path(self.filename).name}" (mode {self.mode})>'


@contextmanager
def opened(f: Any, mode: Literal["r", "r+", "a"]) -> Iterator[Any]:
    """Open a path for a while, or take an open file, or what `File.to_dict` gave, as it is.

    Raises:
        ArgumentTypeError: `f` is none of these; StorageError: it is a closed file.
    """
    if isinstance(f, str | os.PathLike):
        with File(f, mode, warn=False) as file:
            yield file
        return
    if not isinstance(f, h5py.Group | h5pyDict):
        msg = f"needs an h5torch.File or a path, got {type(f).__name__}"
        raise ArgumentTypeError(msg)
    check_open(f)
    yield f


def warn_of_gaps(schema: Schema, *, unfinished: bool) -> None:
    """Warn of objects that have fewer rows than their length, or that count as absent.

    Args:
        schema: What the file holds.
        unfinished: Whether to warn of objects whose writing was cut short, too.
    """
    for key, layout in schema.objects.items():
        if layout.filled_to != layout.n_rows and not key.startswith(UNSTRUCTURED):
            told = f"to its pre-specified length ({layout.filled_to} / {layout.n_rows} filled)"
            warnings.warn(f'object "{key}" has not been completely filled {told}', stacklevel=3)
    for key in schema.unfinished if unfinished else ():
        warnings.warn(f'object "{key}" was not written to its end and counts as absent', stacklevel=3)
