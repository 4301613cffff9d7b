"""Streams: blocks go to the file one after the other, and memory does not grow with them."""

import subprocess
import sys

import pytest

MEBIBYTES = 1 << 20

CHILD = """
import resource
import sys
import warnings

import numpy as np
import scipy.sparse as sp

import h5torch

path, kind, n_blocks = sys.argv[1], sys.argv[2], int(sys.argv[3])


def blocks(n):
    for number in range(n):
        if kind == "dense":
            yield np.full((4096, 1024), number, np.float32)
        elif kind == "ragged":
            yield [np.full(length, number, np.float32) for length in range(1000, 2000, 2)]
        else:
            indptr = np.arange(0, 500_001, 500)
            indices = np.tile(np.arange(500, dtype=np.int64), 1000)
            yield sp.csr_array((np.full(500_000, number, np.float64), indices, indptr), shape=(1000, 1000))


def register(n):
    rows = {"dense": 4096, "ragged": 500, "csr": 1000}[kind]
    with h5torch.File(path, "w") as f:
        f.register(blocks(n), "central", length=n * rows if kind == "dense" else None, progress=False)
        assert f["central"].attrs["filled_to"] == n * rows


def peak():
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kibibytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


register(1)
before = peak()
register(n_blocks)
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("kind", "n_blocks", "size", "most"),
    [("dense", 128, 2048, 300), ("ragged", 36, 100, 60), ("csr", 14, 100, 60)],
)
def test_a_stream_takes_no_more_memory_however_long_it_is(tmp_path, kind, n_blocks, size, most):
    """The child's peak is compared with its own after a stream of one block."""
    path = tmp_path / "stream.h5t"
    command = [sys.executable, "-c", CHILD, str(path), kind, str(n_blocks)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert path.stat().st_size >= size * MEBIBYTES
        assert int(done.stdout) < most * MEBIBYTES
    finally:
        path.unlink(missing_ok=True)
