"""A file with one column for each way of storing, and what is explained of one column."""

import numpy as np
import scipy.sparse as sp

import h5torch

ROWS = 4096


def write_stored(path):
    """Write a file with one column for each way of storing."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 9, (ROWS, 64)).astype("f4")
    lists = [np.arange(row % 40, dtype="i4") for row in range(ROWS)]
    counts = sp.random(ROWS, 500, 0.1, format="csr", dtype="f4", random_state=0)
    with h5torch.File(path, "w") as f:
        f.register(numbers, "central")
        f.register(numbers, 0, name="gzip", chunks=96, compression="gzip", shuffle=True)
        f.register(numbers, 0, name="tiles", chunks=(128, 24), compression="gzip")
        f.register(numbers, 0, name="open", chunks=100)
        f.register(counts, 0, name="csr", mode="csr")
        f.register(counts, 0, name="csrz", mode="csr", chunks=5000, compression="gzip")
        f.register(lists, 0, name="ragged")
        f.register(lists, 0, name="raggedz", chunks=3000, compression="gzip")
        f.register([np.ones((row % 3 + 1, 2)) for row in range(ROWS)], 0, name="boxes")
        f.register(lists, 0, name="vlen", mode="vlen")
        f.register(lists[:50] * 81 + lists[:46], 0, name="separate", mode="separate")
        f.register(["ab"] * ROWS, 0, name="text")


def column_of(explanation, key):
    return next(column for column in explanation.columns if column.key == key)
