"""Data that several tests look at: ragged rows, and a small file with a column of each kind."""

import numpy as np
import torch

import h5torch

N = 20
CENTRAL = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
TOKENS = [np.arange(row % 7, dtype=np.int32) for row in range(N)]
LABELS = ["train", "val", "val_sub", "test"] * 5


def rows(n, start=0):
    """Return `n` arrays of 0, 1, 2, … numbers that count from `start`."""
    return [np.arange(start, start + row) for row in range(n)]


def write_cells(path):
    """Write the file."""
    counts = np.random.default_rng(1).poisson(0.4, (N, 9)).astype(np.float32)
    with h5torch.File(path, "w") as f:
        f.register(CENTRAL, "central")
        f.register(LABELS, 0, name="split")
        f.register(np.arange(N), 0, name="row")
        f.register(TOKENS, 0, name="tokens")
        f.register([np.full((row % 3 + 1, 2), row) for row in range(N)], 0, name="boxes")
        f.register(counts, 0, name="dense", mode="csr")
        f.register(counts, 0, name="sparse", mode="csr", csr_load_sparse=True)
        f.register(["a", "b"] * 10, 0, name="kind", categories=["b", "a", "c"])
        f.register(["x" * (row * 50) for row in range(N)], 0, name="text")
        f.register(np.arange(N).astype("datetime64[D]"), 0, name="day")
        f.register(torch.arange(N * 2).reshape(N, 2).bfloat16(), 0, name="half")
        f.register(np.arange(5) * 10, 1, name="column")
        f.register(np.arange(100), "unstructured", name="cells")
