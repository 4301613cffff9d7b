"""What every adapter offers: batches of one workload, drawn in the ways that PyTorch knows.

This runs in the environments of the peers, so it imports no more than NumPy, attrs and torch.
"""

import abc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs
import numpy as np
import torch
import torch.utils.data
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from benchmarks.orders import index_batches, loader_batches, shuffling
from benchmarks.workloads import Workload

Rows = NDArray[np.intp]
Batch = dict[str, Any]
Way = Literal["batch", "loader", "arrays"]

DRAWN = "drawn"
"""Key of the rows in batches of a reader that draws in an order of its own."""


@attrs.frozen(kw_only=True)
class Draw:
    """One way of drawing epochs of batches."""

    way: Way
    """`batch` calls the reader with arrays of rows, `loader` is `DataLoader(dataset, batch_size=…,
    shuffle=True)`, `arrays` is `DataLoader(dataset, sampler=<arrays of rows>, batch_size=None)`.
    """
    workers: int
    seed: int


class RowReader(abc.ABC):
    """A reader that can be asked for any rows."""

    ways: tuple[Way, ...] = ("batch", "loader")
    context: str | None = None
    """How workers are started: as PyTorch does by default, or, for what survives no fork, `spawn`."""

    def __init__(self, work: Workload, folder: Path) -> None:
        """Open what lies in a folder.

        Args:
            work: What is drawn.
            folder: The stored data: whatever lies there is read once before rounds, and dropped from the
                page cache before cold ones.
        """
        self.work = work
        self.folder = folder

    def named(self, batch: Batch) -> Batch:
        """Return a batch under the names that the source arrays have."""
        return dict(batch)

    @abc.abstractmethod
    def batch(self, rows: Rows) -> Batch:
        """Return a batch of tensors."""

    def dataset(self) -> torch.utils.data.Dataset[Any]:
        """Return what a `DataLoader` is given."""
        return RowsDataset(self)

    def collate(self) -> Any:
        """Return the `collate_fn` of the plain loader; `None` is PyTorch's default."""
        return as_it_is

    def epoch(self, draw: Draw) -> Iterator[Batch]:
        """Begin an epoch."""
        work = self.work
        if draw.way == "loader":
            loader: DataLoader[Any] = DataLoader(
                self.dataset(),
                batch_size=work.batch,
                sampler=shuffling(work.n_rows, seed=draw.seed),
                num_workers=draw.workers,
                multiprocessing_context=self.context if draw.workers else None,
                collate_fn=self.collate(),
                drop_last=True,
            )
            return iter(loader)
        arrays = index_batches(work.n_rows, work.batch, order=work.order, seed=draw.seed)
        if draw.way == "batch":
            return map(self.batch, arrays)
        return iter(self.array_loader(arrays, workers=draw.workers))

    def array_loader(self, arrays: Sequence[Rows], *, workers: int) -> DataLoader[Any]:
        """Return the loader that hands whole arrays of rows to the dataset."""
        sampler: Any = arrays  # any iterable is a sampler, though torch's types ask for more
        return DataLoader(self.dataset(), sampler=sampler, batch_size=None, num_workers=workers)

    def rows_drawn(self, draw: Draw) -> Iterator[Rows | None]:
        """Yield the rows of each batch of the epoch, or `None` where only the batch knows."""
        work = self.work
        if draw.way == "loader":
            return loader_batches(work.n_rows, work.batch, seed=draw.seed)
        return iter(index_batches(work.n_rows, work.batch, order=work.order, seed=draw.seed))

    def cycle(self, draw: Draw) -> int:
        """Return how many batches belong together, so that a fair timing covers a multiple of them."""
        del draw
        return self.work.cycle

    def close(self) -> None:
        """Let go of files and maps; a reader that holds none has nothing to do."""
        return


class StreamReader(RowReader):
    """A reader that draws in an order of its own: its batches say which rows they hold under `DRAWN`."""

    ways = ("loader",)

    def batch(self, rows: Rows) -> Batch:
        """Refuse: such a library does not look rows up."""
        raise NotImplementedError

    @abc.abstractmethod
    def epoch(self, draw: Draw) -> Iterator[Batch]:
        """Begin an epoch."""

    def rows_drawn(self, draw: Draw) -> Iterator[Rows | None]:
        """Yield `None`: the batch knows."""
        del draw
        while True:
            yield None


class RowsDataset(torch.utils.data.Dataset[Any]):
    """A dataset with a batch path of its own, as PyTorch documents it."""

    def __init__(self, reader: RowReader) -> None:
        """Stand on a reader."""
        self._reader = reader

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._reader.work.n_rows

    def __getitem__(self, rows: Any) -> Batch:
        """Return the batch of an array of rows."""
        return self._reader.batch(rows)

    def __getitems__(self, rows: list[int]) -> Batch:
        """Return a whole batch for the plain loader."""
        return self._reader.batch(np.array(rows, dtype=np.intp))


class OneByOne(torch.utils.data.Dataset[Any]):
    """A dataset that is asked for one sample at a time, as most people write theirs."""

    def __init__(self, n_rows: int, sample: Any) -> None:
        """Stand on a function of a row number."""
        self._n_rows = n_rows
        self._sample = sample

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._n_rows

    def __getitem__(self, row: int) -> Any:
        """Return one sample."""
        return self._sample(int(row))


class UnsupportedError(Exception):
    """A library cannot do what a workload needs; the message is the reason that tables show."""


def as_it_is(batch: Any) -> Any:
    """Return a batch that is one already."""
    return batch
