"""`Dataset`: samples of one file, by row of an axis or by element, alone or in batches."""

import os
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import torch.utils.data

from h5torch.batch import Batch, Column, Sample, cell_of
from h5torch.choosing import Choice, digest_of, read_columns, reread
from h5torch.collation import collate
from h5torch.errors import ArgumentTypeError, SubsetError
from h5torch.file import File, warn_of_gaps
from h5torch.handle import Handle, Held
from h5torch.layouts import CsrLayout
from h5torch.legacy import apply_dtype, sample_csr
from h5torch.memory import h5pyDict
from h5torch.readers import reading
from h5torch.rows import Array, Rows, as_rows
from h5torch.sampling import Sampling, check_sampling, choose_columns, n_samples
from h5torch.schema import CENTRAL
from h5torch.subset import check_windows, rows_of_subset, windows_of_size
from h5torch.view import View
from h5torch.wire.stamps import can_change

__all__ = ["Dataset", "SliceDataset", "apply_dtype", "collate", "sample_csr"]


def keep_sample(f: Any, sample: Any) -> Any:
    """Return a sample as it is: what a dataset without `sample_processor` does."""
    del f
    return sample


class Dataset(torch.utils.data.Dataset[Any]):
    """Samples drawn from a file: the central object and what is aligned to the sampled axis.

    A sample is a dict of NumPy values with the keys `central` and `axis/name`. The file is opened
    on first use in each process, so a dataset pickles, and works in workers that fork or spawn.
    """

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

        Raises:
            FormatError: the file lacks a central object, or one to be read is damaged.
            SubsetError: a subset that does not fit; RowError: an index out of range.
            UnknownNameError: a column, split or part that is not in the file.
        """
        self._handle: Handle | Held = Handle(file)
        self._looking: View | None = None
        if sample_processor is not None and not callable(sample_processor):
            msg = f"sample_processor={sample_processor!r} cannot be called as sample_processor(f, sample)"
            raise ArgumentTypeError(msg)
        self.sample_processor = sample_processor or keep_sample
        if in_memory:
            self._handle.load()
        schema = read_columns(self.f, columns)
        central = schema.central
        self.sampling: Sampling = check_sampling(central, sampling)
        self._n_rows = n_samples(central, self.sampling)
        self._keys = choose_columns(schema, self.sampling, columns)
        schema.check(self._keys)
        if isinstance(file, str | os.PathLike):
            warn_of_gaps(schema, unfinished=True)
        self._looking = View(self.f, schema)
        choice = Choice(subset=subset, split=split, sampling=self.sampling, n_rows=self._n_rows)
        self._rows = choice.rows(self._looking)
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

    @property
    def _view(self) -> View:
        """A view of the file as it is now: a file that can be changed is looked at anew."""
        root, known = self._handle.opened, self._looking
        if known is not None and known.root is root and not can_change(root):
            return known
        view = View(root, reread(root, self._keys, sampling=self.sampling, n_rows=self._n_rows))
        if self._chosen is not None and (known is None or known.root is not root):
            choice, chosen = self._chosen
            choice.check(view, chosen)
        self._looking = view
        return view

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

    def __getitem__(self, index: Any) -> Any:
        """Return one sample, or for a slice or list of positions one dict of stacked values.

        Raises:
            RowError: a position out of range; this also ends `for sample in dataset`.
        """
        if isinstance(index, slice):
            index = np.arange(len(self))[index]
        positions = self._positions(index)
        batch = self._gather(positions)
        if np.ndim(index) == 0:
            return self.sample_processor(self.f, batch[0])
        stacked = {key: column.stack() for key, column in batch.columns.items()}
        return self.sample_processor(self.f, stacked)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        """Return the samples at many positions, read together; PyTorch's loader calls this."""
        if type(self).__getitem__ is not Dataset.__getitem__:
            return [self[index] for index in indices]
        batch = self._gather(self._positions(indices))
        if self.sample_processor is keep_sample:
            return batch
        return [self.sample_processor(self.f, sample) for sample in batch]

    def _positions(self, index: Any) -> Rows:
        positions = as_rows(index, n_rows=len(self), what=type(self).__name__)
        return positions if self._rows is None else self._rows[positions]

    def _gather(self, rows: Rows) -> Batch:
        with reading():
            view = self._view
            if self.sampling == "coo":
                return Batch(self._gather_cells(view, rows))
            axes = {key: self.sampling if key == CENTRAL else 0 for key in self._keys}
            return Batch({key: view.gather(key, rows, axis=axis) for key, axis in axes.items()})

    def _gather_cells(self, view: View, positions: Rows) -> dict[str, Column]:
        index, central = view.gather_cells(CENTRAL, positions)
        columns: dict[str, Column] = {CENTRAL: central} if CENTRAL in self._keys else {}
        for key in self._keys:
            if key != CENTRAL:
                axis, _, _ = key.partition("/")
                columns[key] = view.gather(key, index[int(axis)])
        return columns

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


class SliceDataset(Dataset):
    """Samples that are windows: several neighbouring rows of one axis at once.

    In a sample the central object keeps its axes, the sampled one having the window's length; an
    aligned object has one value for each row of the window.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | File | h5pyDict,
        sampling: int = 0,
        sample_processor: Any = None,
        window_size: int = 501,
        overlap: int = 0,
        window_indices: Any = None,
        in_memory: bool = False,
        *,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Describe the windows, and check them against the file.

        Args:
            file: As in `Dataset`.
            sampling: The axis whose rows make windows.
            sample_processor: As in `Dataset`.
            window_size: Rows in a window; an incomplete last window is left out.
            overlap: Rows that neighbouring windows share, below `window_size`.
            window_indices: Starts and stops, shape `(n_windows, 2)`, stops not included, instead of
                `window_size` and `overlap`.
            in_memory: As in `Dataset`.
            columns: As in `Dataset`.

        Raises:
            SubsetError: windows that make no sense; RowError: a window outside the rows.
        """
        super().__init__(file, sampling, None, sample_processor, in_memory, columns=columns)
        if self.sampling == "coo":
            msg = "SliceDataset: windows are rows of an axis; give sampling= its number"
            raise ArgumentTypeError(msg)
        for key in self._keys:
            layout = self._view.schema.layout(key)
            if isinstance(layout, CsrLayout) and layout.load_sparse:
                msg = f"{key}: csr_load_sparse=True makes no windows; leave it out with columns="
                raise SubsetError(msg)
        if window_indices is None:
            self._windows = windows_of_size(self._n_rows, size=window_size, overlap=overlap)
        else:
            self._windows = check_windows(window_indices, n_rows=self._n_rows)

    @property
    def indices(self) -> Array:
        """Starts and stops of the windows, shape `(len(self), 2)`."""
        return self._windows

    @indices.setter
    def indices(self, windows: Any) -> None:
        described = "_n_rows" in self.__dict__
        self._windows = check_windows(windows, n_rows=self._n_rows) if described else windows

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._windows)

    def __getitem__(self, index: Any) -> Any:
        """Return one window.

        Raises:
            RowError: a position out of range; this also ends `for sample in dataset`.
        """
        if np.ndim(index):
            msg = f"SliceDataset: give the position of one window, found {index!r}"
            raise ArgumentTypeError(msg)
        (position,) = as_rows(index, n_rows=len(self), what="SliceDataset")
        batch = self._gather(np.arange(*self._windows[position]))
        values = {key: column.stack() for key, column in batch.columns.items()}
        if CENTRAL in values:
            values[CENTRAL] = np.moveaxis(values[CENTRAL], 0, int(self.sampling))
        cells = {key: attrs.evolve(cell_of(column), kind="window") for key, column in batch.columns.items()}
        return self.sample_processor(self.f, Sample(values, cells))

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        """Return the windows at many positions."""
        return [self[index] for index in indices]
