"""`Dataset`: samples of one file, by row of an axis or by element, alone or in batches."""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch.utils.data

from h5torch.batch import Batch, Column, Form
from h5torch.choosing import Choice, digest_of, read_columns, reread
from h5torch.collation import Finished, TensorBatch, collate
from h5torch.errors import ArgumentTypeError
from h5torch.explaining import Explanation, explain
from h5torch.file import File, warn_of_gaps
from h5torch.handle import Handle, Held
from h5torch.legacy import apply_dtype, sample_csr
from h5torch.looking import Look, Wanted, check_transform, keep_sample
from h5torch.memory import h5pyDict
from h5torch.parcels import batch_of, sealed
from h5torch.readers import reading
from h5torch.rows import Array, Rows, as_rows, is_plain, outside
from h5torch.sampling import Sampling, check_sampling, choose_columns, n_samples
from h5torch.storage.opening import ReaderName
from h5torch.subset import rows_of_subset

__all__ = ["Dataset", "apply_dtype", "collate", "sample_csr"]


def __getattr__(name: str) -> Any:
    """Find `SliceDataset`, which stands on `Dataset`, where scripts of the published package import it."""
    if name == "SliceDataset":
        return import_module("h5torch.windows").SliceDataset
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


class Dataset(torch.utils.data.Dataset[Any]):
    """Samples drawn from a file: the central object and what is aligned to the sampled axis.

    A sample is a dict of NumPy values with the keys `central` and `axis/name`. The file is opened
    on first use in each process, so a dataset pickles, and works in workers that fork or spawn.
    """

    _draws_rows = True
    _looking: Look | None = None  # for subclasses that never call `super().__init__`
    transform: Callable[[Any], Any] | None = None

    def __init__(
        self,
        file: str | os.PathLike[str] | File | h5pyDict,
        sampling: Sampling = 0,
        subset: Any = None,
        sample_processor: Any = None,
        in_memory: bool = False,
        *,
        split: str | None = None,
        columns: Sequence[str] | None = None,
        ragged: Form = "pad",
        transform: Callable[[Any], Any] | None = None,
        reader: ReaderName = "auto",
    ) -> None:
        """Describe what to draw, and check it against the file.

        Args:
            file: A path, an open `File`, or what `File.to_dict` gave.
            sampling: The axis whose rows are samples, or `"coo"`: the elements of a dense central
                object, the nonzeros of a sparse one.
            subset: Rows to draw from: a mask `(n_rows,)`, indices of any order with repeats, or a
                pair (key, regular expression) that the beginning of a label must match.
            sample_processor: Called as `sample_processor(dataset.f, sample)` for every sample.
            in_memory: Whether to read the whole file into memory first.
            split: Part of a stored split, `"name/part"`; with `subset`, rows in both.
            columns: Keys to read, instead of all that are aligned to the sampled axis.
            ragged: What ragged rows become in a batch of tensors. `"pad"`: one tensor filled up with
                zeros, and `key/lengths`; `"packed"`: the values of all rows in one flat tensor, and
                `key/offsets`, where each row begins and the last one ends (with `key/shapes` where
                rows have several axes); `"nested"`: a jagged `torch.nested` tensor; `"list"`: a list
                of tensors.
            transform: Called with every batch of tensors; what it returns takes the batch's place.
            reader: How bytes are read, with the same result. `"auto"`: from a map of the file, or
                chunk by chunk, and through h5py what cannot be read so. `"map"`: the same, and an
                error where the file cannot be mapped. `"pread"`: positioned reads in place of the
                map, for file systems where maps are slow and files that may be cut short. `"h5py"`.

        Raises:
            FormatError: the file lacks a central object, or one to be read is damaged.
            SubsetError: a subset that does not fit; RowError: an index out of range.
            UnknownNameError: a column, split or part that is not in the file.
        """
        self._handle: Handle | Held = Handle(file)
        if sample_processor is not None and not callable(sample_processor):
            msg = f"sample_processor={sample_processor!r} cannot be called as sample_processor(f, sample)"
            raise ArgumentTypeError(msg)
        self.sample_processor = sample_processor or keep_sample
        check_transform(transform)
        self.transform = transform
        if in_memory:
            self._handle.load()
        schema = read_columns(self.f, columns)
        central = schema.central
        self.sampling: Sampling = check_sampling(central, sampling)
        self._n_rows = n_samples(central, self.sampling)
        self._keys = choose_columns(schema, self.sampling, columns)
        self._wanted = Wanted(
            keys=self._keys,
            sampling=self.sampling,
            form=ragged,
            padded=sample_processor is None,
            whole=self._draws_rows and not self._by_sample,
            reader=reader,
        )
        schema.check(self._keys)
        self._layouts = {key: schema.layout(key) for key in self._keys}
        if isinstance(file, str | os.PathLike):
            warn_of_gaps(schema, unfinished=True)
        self._looking = Look(self.f, schema, self._wanted)
        choice = Choice(subset=subset, split=split, sampling=self.sampling, n_rows=self._n_rows)
        self._rows = choice.rows(self._looking.view)
        self._chosen = (choice, digest_of(self._rows)) if choice.rests_on_file else None

    @property
    def f(self) -> Any:
        """The open file, or the dict of arrays, that samples come from.

        Ask for it each time and keep nothing of it: the file is closed and opened again where somebody
        changes it. A subclass may put something else in its place.
        """
        return self._handle.opened

    @f.setter
    def f(self, root: Any) -> None:
        known = isinstance(root, str | os.PathLike | File | h5pyDict)
        self._handle = Handle(root) if known else Held(root)
        self._looking = None

    def _look(self) -> Look:
        """Look at the file as it is now: a file that can be changed is looked at anew."""
        root, known = self._handle.opened, self._looking
        if known is not None and known.root is root and known.is_current:
            return known
        schema = reread(root, self._keys, sampling=self.sampling, n_rows=self._n_rows)
        look = Look(root, schema, self._wanted)
        if self._chosen is not None and (known is None or known.root is not root):
            choice, chosen = self._chosen
            choice.check(look.view, chosen)
        self._looking = look
        return look

    @property
    def indices(self) -> Array:
        """Row numbers of the samples, in order, shape `(len(self),)`; they may be shuffled in place."""
        if self._rows is None:
            self._rows = np.arange(self._n_rows)
        return self._rows

    @indices.setter
    def indices(self, rows: Any) -> None:
        described = "_n_rows" in self.__dict__  # not by a subclass that never calls `super().__init__`
        self._rows = rows_of_subset(rows, n_rows=self._n_rows) if described else rows

    def __len__(self) -> int:
        """Return the number of samples."""
        return self._n_rows if self._rows is None else len(self._rows)

    def batch(self, indices: Any) -> Any:
        """Return the samples at many positions as tensors, read together: the fastest way there is.

        Args:
            indices: Positions in `[-len(self), len(self))`, in any order, repeats allowed: integers
                of shape `(n,)`, at least one; fastest as an int64 array.

        Returns:
            What `h5torch.collate` makes of these samples, or what `transform` makes of that.

        Raises:
            RowError: a position out of range.
            ArgumentTypeError: no positions, or something else than integers.
            StorageError, FormatError: the file is damaged.
        """
        made = self._made_of(indices)
        return made if self.transform is None else self.transform(made)

    def _made_of(self, indices: Any) -> Any:
        made = self._by_shortcut(indices) if is_plain(indices) else None
        if made is not None:
            return made
        positions = self._positions(indices)
        if self._by_sample:
            return collate([self[index] for index in positions.tolist()])
        if not len(positions):
            msg = "batch: at least one position is needed, found none"
            raise ArgumentTypeError(msg)
        return self._tensors(positions)

    def _by_shortcut(self, indices: Rows) -> dict[str, Any] | None:
        """Make tensors without a step too much, or return `None` where that cannot be."""
        look = self._looking
        if look is None or look.shortcut is None or self.sample_processor is not keep_sample:
            return None
        if not look.enter():
            return None
        try:
            rows = indices if self._rows is None else self._rows[indices]
            return None if rows is not indices and outside(rows, self._n_rows) else look.shortcut(rows)
        except IndexError:
            return None
        finally:
            look.leave()

    @property
    def _is_replaced(self) -> bool:
        """Whether a subclass makes its samples itself."""
        return type(self).__getitem__ is not Dataset.__getitem__

    @property
    def _by_sample(self) -> bool:
        """Whether samples have to be made one by one: somebody changes each of them."""
        return self.sample_processor is not keep_sample or self._is_replaced

    def _tensors(self, positions: Rows) -> dict[str, Any]:
        return batch_of(self._columns(positions))

    def __getitem__(self, index: Any) -> Any:
        """Return one sample; for a slice or a list of positions one dict of stacked NumPy values.

        An array of positions gives what `batch` gives: so `DataLoader` asks where samplers yield arrays.

        Raises:
            RowError: a position out of range; this also ends `for sample in dataset`.
        """
        if isinstance(index, np.ndarray | torch.Tensor) and index.ndim == 1 and not self._is_replaced:
            return sealed(self.batch(index))
        if isinstance(index, slice):
            index = np.arange(len(self))[index]
        batch = Batch(self._columns(self._positions(index)))
        if np.ndim(index) == 0:
            return self.sample_processor(self.f, batch[0])
        stacked = {key: column.stack() for key, column in batch.columns.items()}
        return self.sample_processor(self.f, stacked)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        """Return the samples at many positions, read together; PyTorch's loader calls this."""
        if self.transform is not None:
            return Finished(self.batch(indices), len(indices))
        if self._is_replaced:
            return [self[index] for index in indices]
        rows = np.asarray(indices)
        made = self._by_shortcut(rows) if is_plain(rows) else None
        if made is not None and self._looking is not None:
            return TensorBatch(made, self._looking.columns_of)
        batch = Batch(self._columns(self._positions(indices)))
        if self.sample_processor is keep_sample:
            return batch
        return [self.sample_processor(self.f, sample) for sample in batch]

    def _positions(self, index: Any) -> Rows:
        return as_rows(index, n_rows=len(self), what=type(self).__name__)

    def _columns(self, positions: Rows) -> dict[str, Column]:
        """Read the rows at checked positions; somebody may have put other numbers among the rows."""
        if self._rows is None:
            return self._read(positions)
        what = f"{type(self).__name__}.indices"
        return self._read(as_rows(self._rows[positions], n_rows=self._n_rows, what=what))

    def _read(self, rows: Rows) -> dict[str, Column]:
        look = self._looking
        if look is not None and look.enter():
            try:
                return look.read(rows)
            finally:
                look.leave()
        with reading():
            return self._look().read(rows)

    def explain(self, batch_size: int = 256) -> Explanation:
        """Say how each column is read and what a batch costs, from metadata alone; `print` shows a table."""
        drawn = getattr(self, "_windows", self._rows)  # `SliceDataset` draws windows
        with reading():
            return explain(self._look(), self._wanted, drawn, n_rows=self._n_rows, batch_size=batch_size)

    def close(self) -> None:
        """Close the file if this dataset opened it; a `File` that was given stays open."""
        self._looking = None
        self._handle.close()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open handle behind: the process that unpickles opens its own."""
        return {**self.__dict__, "_looking": None}

    def __repr__(self) -> str:
        """Say how many samples there are, of what."""
        if "_keys" not in self.__dict__:  # a subclass that never calls `super().__init__`
            return object.__repr__(self)
        keys = ", ".join(self._keys)
        drawn = f"{len(self)} samples of {self._n_rows}, sampling={self.sampling!r}"
        return f"{type(self).__name__}({drawn}: {keys})"
