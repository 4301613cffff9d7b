"""Orders: the rows of each batch of an epoch, the same for every adapter."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import RandomSampler

from benchmarks.workloads import BLOCK_ROWS, BLOCKS_TOGETHER, Order

Rows = NDArray[np.intp]


def epoch_rows(n_rows: int, *, order: Order, seed: int) -> Rows:
    """Return every row once, in an order that the seed decides.

    `blocks` visits blocks of neighbouring rows in random order, and shuffles the rows of eight together.
    """
    rng = np.random.default_rng(seed)
    match order:
        case "sequential":
            return np.arange(n_rows, dtype=np.intp)
        case "shuffle":
            return rng.permutation(n_rows).astype(np.intp, copy=False)
        case "blocks":
            starts = rng.permutation(np.arange(0, n_rows, BLOCK_ROWS))
            blocks = [np.arange(start, min(start + BLOCK_ROWS, n_rows)) for start in starts]
            groups = [blocks[at : at + BLOCKS_TOGETHER] for at in range(0, len(blocks), BLOCKS_TOGETHER)]
            return np.concatenate([rng.permutation(np.concatenate(group)) for group in groups])


def index_batches(n_rows: int, batch: int, *, order: Order, seed: int) -> list[Rows]:
    """Return the rows of each batch of an epoch; an incomplete last batch is left out."""
    rows = epoch_rows(n_rows, order=order, seed=seed)
    return [rows[at : at + batch] for at in range(0, n_rows - batch + 1, batch)]


def shuffling(n_rows: int, *, seed: int) -> RandomSampler:
    """Return the sampler that `DataLoader(shuffle=True)` makes, seeded."""
    return RandomSampler(range(n_rows), generator=torch.Generator().manual_seed(seed))


def loader_batches(n_rows: int, batch: int, *, seed: int) -> Iterator[Rows]:
    """Yield the rows of each batch that a `DataLoader` with this sampler draws."""
    drawn = torch.randperm(n_rows, generator=torch.Generator().manual_seed(seed)).numpy()
    for at in range(0, n_rows - batch + 1, batch):
        yield drawn[at : at + batch]
