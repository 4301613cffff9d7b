"""Samples per second: the loader beside a loop that reads one row at a time with h5py."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import h5py
import numpy as np
import torch

import h5torch
import samplers
from h5torch.rows import Rows

BATCH_SIZE = 64
SECONDS = 0.3
"""How long each way is measured, at least, and never less than one pass."""


@attrs.frozen(kw_only=True)
class Speed:
    """Samples per second of both ways: the same rows, drawn at random, in batches of one size."""

    loader: float
    row_by_row: float


def compare(path: Path) -> Speed:
    """Measure both ways on the part `train` of the digits in `path`, one after the other."""
    dataset = h5torch.Dataset(path, split="main/train", columns=["central", "0/label"])
    loader = samplers.loader(dataset, "shuffled", batch_size=BATCH_SIZE)
    rows = np.random.default_rng(0).permutation(dataset.indices)
    with h5py.File(path) as f:
        row_by_row = _per_second(lambda: batches_by_row(f, rows), n_rows=len(rows))
    return Speed(loader=_per_second(lambda: loader, n_rows=len(rows)), row_by_row=row_by_row)


def batches_by_row(f: h5py.File, rows: Rows) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield images and codes of `rows` as a plain script reads them: row by row, stacked to batches."""
    images, codes = f["central"], f["0/label"]
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        image = np.stack([images[row] for row in batch]).astype(np.float32)
        code = np.stack([codes[row] for row in batch]).astype(np.int64)
        yield torch.from_numpy(image), torch.from_numpy(code)


def _per_second(one_pass: Callable[[], Iterable[Any]], *, n_rows: int) -> float:
    passes, started, elapsed = 0, time.perf_counter(), 0.0
    while elapsed < SECONDS:
        for _ in one_pass():
            pass
        passes, elapsed = passes + 1, time.perf_counter() - started
    return passes * n_rows / elapsed
