"""How many rows a second two files give, measured in turns so that both see the same machine."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import attrs
import numpy as np
import torch

import h5torch
from h5torch.errors import H5torchError
from h5torch.layouts import CooLayout
from h5torch.rows import Rows

BATCH_SIZE = 256
Order = Literal["random", "sequential"]

_SECONDS = 0.4  # for both files together
_LONGEST = 3.0  # where a batch takes long
_ROUNDS = 3


@attrs.frozen(kw_only=True)
class Gain:
    """Rows a second of the file before and after, in one order."""

    order: Order
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """How many times as fast the new file is."""
        return self.after / self.before


def measure(before: Path, after: Path, orders: tuple[Order, ...]) -> tuple[Gain, ...]:
    """Time batches of both files as tensors, a batch of one and a batch of the other in turns.

    Raises:
        H5torchError: the file cannot be sampled, such as one without a central object.
    """
    with _quiet():
        sampling = _sampling(before)
        datasets = [h5torch.Dataset(path, sampling) for path in (before, after)]
        try:
            return tuple(_compare(datasets, order) for order in orders)
        finally:
            for dataset in datasets:
                dataset.close()


def _sampling(path: Path) -> Literal[0, "coo"]:
    with h5torch.File(path, warn=False) as f:
        return "coo" if isinstance(f.schema.central, CooLayout) else 0


def _compare(datasets: list[h5torch.Dataset], order: Order) -> Gain:
    n_rows = len(datasets[0])
    if n_rows == 0:
        msg = "there are no rows to draw"
        raise H5torchError(msg)
    seconds, n_drawn = [0.0, 0.0], 0
    for done, indices in enumerate(_orders(n_rows, order)):
        for at in (0, 1):
            started = time.perf_counter()
            datasets[at].batch(indices)
            if done:  # the first batch opens files and imports what is needed
                seconds[at] += time.perf_counter() - started
        n_drawn += len(indices) if done else 0
        if n_drawn and sum(seconds) > (_SECONDS if done >= _ROUNDS else _LONGEST):
            break
    return Gain(order=order, before=n_drawn / seconds[0], after=n_drawn / seconds[1])


def _orders(n_rows: int, order: Order) -> Iterator[Rows]:
    """Yield positions of one batch after the other, without end; the same for every file."""
    generator = np.random.default_rng(0)
    start = 0
    while True:
        if order == "random":
            yield generator.integers(0, n_rows, min(BATCH_SIZE, n_rows))
        else:
            yield np.arange(start, min(start + BATCH_SIZE, n_rows))
            start = start + BATCH_SIZE if start + BATCH_SIZE < n_rows else 0


@contextmanager
def _quiet() -> Iterator[None]:
    """Give torch one thread, and do not warn of rows that are not filled: they were told of before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)
