"""`SliceDataset`: samples that are windows of neighbouring rows."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import torch

from h5torch.batch import CategoryColumn, Column, DenseColumn, Sample, SparseColumn, cell_of
from h5torch.collation import Finished, collate
from h5torch.dataset import Dataset
from h5torch.errors import ArgumentTypeError, SubsetError
from h5torch.file import File
from h5torch.layouts import CsrLayout
from h5torch.memory import h5pyDict
from h5torch.parcels import sealed
from h5torch.rows import Array, Rows, as_rows
from h5torch.schema import CENTRAL
from h5torch.storage.opening import ReaderName
from h5torch.subset import EvenWindows, ListedWindows, check_windows, windows_of_size
from h5torch.tensors import tensors_of


class SliceDataset(Dataset):
    """Samples that are windows: several neighbouring rows of one axis at once.

    In a sample the central object keeps its axes, the sampled one having the window's length; an
    aligned object has one value for each row of the window.
    """

    _draws_rows = False

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
        transform: Callable[[Any], Any] | None = None,
        reader: ReaderName = "auto",
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
            transform: As in `Dataset`.
            reader: As in `Dataset`.

        Raises:
            SubsetError: windows that make no sense; RowError: a window outside the rows.
        """
        super().__init__(
            file,
            sampling,
            None,
            sample_processor,
            in_memory,
            columns=columns,
            transform=transform,
            reader=reader,
        )
        if self.sampling == "coo":
            msg = "SliceDataset: windows are rows of an axis; give sampling= its number"
            raise ArgumentTypeError(msg)
        for key, layout in self._layouts.items():
            if isinstance(layout, CsrLayout) and layout.load_sparse:
                msg = f"{key}: csr_load_sparse=True makes no windows; leave it out with columns="
                raise SubsetError(msg)
        self._windows: EvenWindows | ListedWindows
        if window_indices is None:
            self._windows = windows_of_size(self._n_rows, size=window_size, overlap=overlap)
        else:
            self._windows = ListedWindows(listed=check_windows(window_indices, n_rows=self._n_rows))

    @property
    def indices(self) -> Array:
        """Starts and stops of the windows, shape `(len(self), 2)`."""
        if isinstance(self._windows, EvenWindows):  # somebody may change the list in place
            self._windows = ListedWindows(listed=self._windows.bounds(np.arange(len(self._windows))))
        return self._windows.listed

    @indices.setter
    def indices(self, windows: Any) -> None:
        described = "_n_rows" in self.__dict__
        listed = check_windows(windows, n_rows=self._n_rows) if described else windows
        self._windows = ListedWindows(listed=listed)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._windows)

    def __getitem__(self, index: Any) -> Any:
        """Return one window; for an array of positions, what `batch` gives.

        Raises:
            RowError: a position out of range; this also ends `for sample in dataset`.
        """
        if isinstance(index, np.ndarray | torch.Tensor) and index.ndim == 1 and not self._is_replaced:
            return sealed(self.batch(index))
        if np.ndim(index):
            msg = f"SliceDataset: give the position of one window, or an array, found {index!r}"
            raise ArgumentTypeError(msg)
        (sample,) = self._samples(as_rows(index, n_rows=len(self), what="SliceDataset"))
        return sample

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        """Return the windows at many positions, read together; PyTorch's loader calls this."""
        if self.transform is not None:
            return Finished(self.batch(indices), len(indices))
        if self._is_replaced:
            return [self[index] for index in indices]
        return self._samples(self._positions(indices))

    @property
    def _is_replaced(self) -> bool:
        return type(self).__getitem__ is not SliceDataset.__getitem__

    def _bounds(self, positions: Rows) -> Array:
        """Return starts and stops of windows; somebody may have put other numbers into their list."""
        return check_windows(self._windows.bounds(positions), n_rows=self._n_rows)

    def _samples(self, positions: Rows) -> list[Any]:
        """Read windows together, and cut them apart."""
        bounds = self._bounds(positions)
        ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
        columns = self._read(_rows_of(bounds))
        stacked = {key: np.split(column.stack(), ends[:-1]) for key, column in columns.items()}
        cells = {key: attrs.evolve(cell_of(column), kind="window") for key, column in columns.items()}
        samples = []
        for at in range(len(positions)):
            values = {key: windows[at] for key, windows in stacked.items()}
            if CENTRAL in values:
                values[CENTRAL] = np.moveaxis(values[CENTRAL], 0, int(self.sampling))
            samples.append(self.sample_processor(self.f, Sample(values, cells)))
        return samples

    def _tensors(self, positions: Rows) -> dict[str, Any]:
        """Make tensors of windows: in one step where they have one size and nothing ragged."""
        bounds = self._bounds(positions)
        sizes = np.unique(bounds[:, 1] - bounds[:, 0])
        if len(sizes) == 1:
            columns = self._read(_rows_of(bounds))
            whole = {key: self._folded(key, column, len(positions)) for key, column in columns.items()}
            folded = {key: column for key, column in whole.items() if column is not None}
            if len(folded) == len(columns):
                return tensors_of(folded)
        return dict(collate(self._samples(positions)))

    def _folded(self, key: str, column: Column, n_windows: int) -> Column | None:
        """Fold rows into windows, or return `None` for rows that make no rectangular array."""
        match column:
            case CategoryColumn(codes=codes):
                return attrs.evolve(column, codes=self._in_place(key, codes, n_windows))
            case DenseColumn(values=values) if values.dtype.kind not in "USO":
                return attrs.evolve(column, values=self._in_place(key, values, n_windows))
            case SparseColumn():
                return DenseColumn(values=self._in_place(key, column.stack(), n_windows))
            case _:
                return None

    def _in_place(self, key: str, values: Array, n_windows: int) -> Array:
        """Fold rows into windows, the central object's sampled axis where it was."""
        windows = values.reshape(n_windows, -1, *values.shape[1:])
        return np.moveaxis(windows, 1, 1 + int(self.sampling)) if key == CENTRAL else windows


def _rows_of(bounds: Array) -> Rows:
    """Return the rows of all windows, one after the other."""
    sizes = bounds[:, 1] - bounds[:, 0]
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.repeat(bounds[:, 0] - before, sizes) + np.arange(int(sizes.sum()))
